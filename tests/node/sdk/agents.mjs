// Sessions as the official client drives them: streams, its helpers that close the tool loop, lists that page.
import assert from 'node:assert/strict';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'unused', maxRetries: 0 });
const { agents } = client.beta;
const display_quiz = { type: 'function', name: 'display_quiz', description: 'Ask', parameters: { type: 'object' } };
const agent = await agents.create({ model: 'gpt-4o', name: 'tutor', tools: [display_quiz] });
const toolHandlers = { display_quiz: ({ n }) => `a${n}` };

const names = [];
let session;
for await (const event of await agents.sessions.create({
  agent_id: agent.id, environment: { type: 'none' }, input: 'hello', stream: true,
})) {
  names.push(event.type);
  session = event.session?.id ?? session;
  if (event.type === 'agent.session.idle') break;
}
assert.equal(names[0], 'agent.session.created');
assert.ok(names.includes('agent.session.turn.output_text.delta'));

const asked = await agents.sessions.stream(session, { input: 'quiz please', toolHandlers }).finalResult();
assert.equal(asked.output_text ?? asked.outputText, 'you said a1 and a2');

const opened = await agents.sessions.create({
  agent_id: agent.id, environment: { type: 'none' }, input: 'quiz', stream: true, toolHandlers,
});
const result = await opened.finalResult();
assert.equal(result.output_text ?? result.outputText, 'you said a1 and a2');

const said = [];
for await (const item of agents.sessions.items.list(session, { order: 'asc', limit: 1 })) {
  if (item.type === 'message') said.push(item.content[0].text);
}
assert.deepEqual(said, ['hello', 'hello there, friend', 'quiz please', 'you said a1 and a2']);
const turns = await agents.sessions.turns.list(session);
assert.deepEqual(turns.data.map((turn) => turn.status), ['completed', 'completed']);

const updated = await agents.update(agent.id, { reasoning: { effort: 'high' }, metadata: { team: 'a' } });
assert.deepEqual([updated.reasoning.effort, updated.metadata], ['high', { team: 'a' }]);
await assert.rejects(agents.create({ model: 'gpt-4o', tools: [{ type: 'telepathy' }] }), BadRequestError);
assert.equal((await agents.sessions.delete(session)).deleted, true);
await assert.rejects(agents.sessions.retrieve(session), NotFoundError);
assert.equal((await agents.delete(agent.id)).object, 'agent.deleted');
console.log('passed');
