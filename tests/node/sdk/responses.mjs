// Responses and conversations as the official client drives them: streams, the tool loop, items that page.
import assert from 'node:assert/strict';
import OpenAI, { BadRequestError, NotFoundError } from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'unused', maxRetries: 0 });
const model = 'gpt-4o';
const tools = [{ type: 'function', name: 'display_quiz', parameters: { type: 'object' }, strict: false }];

const conversation = await client.conversations.create({ metadata: { team: 'a' } });
const asked = await client.responses.create({ model, conversation: conversation.id, input: 'quiz please', tools });
const input = asked.output.map(({ call_id, arguments: given }) => ({
  type: 'function_call_output', call_id, output: `a${JSON.parse(given).n}`,
}));
const names = [];
let text = '';
for await (const event of await client.responses.create({
  model, conversation: conversation.id, input, tools, stream: true,
})) {
  names.push(event.type);
  if (event.type === 'response.output_text.delta') text += event.delta;
}
assert.equal(text, 'you said a1 and a2');
assert.deepEqual([names[0], names.at(-1)], ['response.created', 'response.completed']);

const said = [];
for await (const item of client.conversations.items.list(conversation.id, { order: 'asc', limit: 2 })) {
  said.push(item.type);
}
assert.deepEqual(said, [
  'message', 'function_call', 'function_call', 'function_call_output', 'function_call_output', 'message',
]);

const helper = client.responses.stream({ model, input: 'hello' });
assert.equal((await helper.finalResponse()).output_text, 'hello there, friend');
const first = await client.responses.create({ model, input: 'hello' });
const kept = await client.responses.retrieve(first.id);
assert.deepEqual([kept.status, kept.output_text], ['completed', 'hello there, friend']);
await assert.rejects(client.responses.create({ model, input, previous_response_id: first.id }), BadRequestError);
await client.responses.delete(first.id);
await assert.rejects(client.responses.retrieve(first.id), NotFoundError);
assert.equal((await client.conversations.delete(conversation.id)).deleted, true);
console.log('passed');
