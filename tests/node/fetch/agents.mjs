// A session without the client: opened and streamed, results of two calls, a second turn that listens first, the end.
import assert from 'node:assert/strict';
import { ask, base, events, json } from './sse.mjs';

const beta = { 'OpenAI-Beta': 'agents=v1' };
const agent = await json('POST', '/agents', {
  model: 'gpt-4o',
  name: 'tutor',
  tools: [{ type: 'function', name: 'display_quiz', description: 'Ask', parameters: { type: 'object' } }],
}, beta);
assert.equal(agent.object, 'agent');

async function turn(stream, session) {
  const seen = { names: [], text: '', session };
  const answered = new Set();
  for await (const { name, data } of events(stream)) {
    assert.equal(name, data.type);
    seen.names.push(name);
    seen.session = data.session?.id ?? seen.session;
    if (name === 'agent.session.turn.output_text.delta') seen.text += data.delta;
    if (name === 'agent.session.requires_action') {
      for (const action of data.session.required_actions) {
        if (answered.has(action.call_id)) continue;
        answered.add(action.call_id);
        const { n } = action.arguments;
        const result = { turn_id: action.turn_id, call_id: action.call_id, success: true, output: `a${n}` };
        const reply = await ask('POST', `/agents/sessions/${seen.session}/events`, {
          events: [{ type: 'agent.session.input.tool_result', ...result }],
        }, { ...beta, 'Idempotency-Key': action.call_id });
        assert.equal(reply.status, 202);
      }
    }
    if (name === 'agent.session.idle' && seen.names.includes('agent.session.turn.completed')) break;
  }
  return seen;
}

const opened = await ask('POST', '/agents/sessions', {
  agent_id: agent.id, environment: { type: 'none' }, input: 'quiz please', stream: true,
}, beta);
const first = await turn(opened);
assert.equal(first.text, 'you said a1 and a2');
assert.ok(first.names.includes('agent.session.requires_action'));

const listening = await ask('GET', `/agents/sessions/${first.session}/events`, undefined, beta);
await ask('POST', `/agents/sessions/${first.session}/events`, {
  events: [{
    type: 'agent.session.input.message',
    input: [{ role: 'user', content: [{ type: 'input_text', text: 'hello' }] }],
  }],
}, { ...beta, 'Idempotency-Key': 'second' });
const second = await turn(listening, first.session);
assert.equal(second.text, 'hello there, friend');

const items = await json('GET', `/agents/sessions/${first.session}/items?order=asc`, undefined, beta);
assert.deepEqual(
  items.data.filter((item) => item.type === 'message').map((item) => item.content[0].text),
  ['quiz please', 'you said a1 and a2', 'hello', 'hello there, friend'],
);
const gone = await json('DELETE', `/agents/sessions/${first.session}`, undefined, beta);
assert.deepEqual(gone, { id: first.session, object: 'agent.session.deleted', deleted: true });
const refused = await fetch(`${base}/agents/sessions/${first.session}`, { headers: beta });
assert.equal(refused.status, 404);
console.log('passed');
