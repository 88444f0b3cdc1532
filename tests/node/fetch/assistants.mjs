// A run without the client: thread and run streamed in one request, outputs streamed, a message that comes in pieces.
import assert from 'node:assert/strict';
import { ask, events, json } from './sse.mjs';

const beta = { 'OpenAI-Beta': 'assistants=v2' };
const assistant = await json('POST', '/assistants', {
  model: 'gpt-4o',
  tools: [{ type: 'function', function: { name: 'display_quiz', parameters: { type: 'object' } } }],
}, beta);

async function run(path, body) {
  const seen = { names: [], text: '', run: null };
  for await (const { name, data } of events(await ask('POST', path, { ...body, stream: true }, beta))) {
    seen.names.push(name);
    if (name === 'thread.message.delta') seen.text += data.delta.content[0].text.value;
    if (data.object === 'thread.run') seen.run = data;
  }
  return seen;
}

const first = await run('/threads/runs', {
  assistant_id: assistant.id, thread: { messages: [{ role: 'user', content: 'quiz please' }] },
});
assert.equal(first.run.status, 'requires_action');
assert.equal(first.names.at(-1), 'thread.run.requires_action');
const calls = first.run.required_action.submit_tool_outputs.tool_calls;
const runs = `/threads/${first.run.thread_id}/runs`;
const done = await run(`${runs}/${first.run.id}/submit_tool_outputs`, {
  tool_outputs: calls.map((call) => ({ tool_call_id: call.id, output: `a${JSON.parse(call.function.arguments).n}` })),
});
assert.equal(done.text, 'you said a1 and a2');
assert.equal(done.run.status, 'completed');
assert.ok(done.run.usage.total_tokens > 0);

const second = await run(runs, {
  assistant_id: assistant.id, additional_messages: [{ role: 'user', content: 'hello' }],
});
assert.equal(second.text, 'hello there, friend');
const messages = await json('GET', `/threads/${first.run.thread_id}/messages?order=asc`, undefined, beta);
assert.deepEqual(messages.data.map((message) => message.role), ['user', 'assistant', 'user', 'assistant']);
const deleted = await json('DELETE', `/threads/${first.run.thread_id}`, undefined, beta);
assert.equal(deleted.object, 'thread.deleted');
console.log('passed');
