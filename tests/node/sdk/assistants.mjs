// The Assistants API as the official client drives it: run streams and their helpers, files, stores, lists that page.
import assert from 'node:assert/strict';
import OpenAI, { NotFoundError, toFile } from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'unused', maxRetries: 0 });
const { assistants, threads } = client.beta;
const display_quiz = { type: 'function', function: { name: 'display_quiz', parameters: { type: 'object' } } };

const store = await client.vectorStores.create({ name: 'papers' });
const document = await toFile(Buffer.from('All about language models.'), 'paper.txt');
const indexed = await client.vectorStores.files.uploadAndPoll(store.id, document);
assert.equal(indexed.status, 'completed');
const assistant = await assistants.create({
  model: 'gpt-4o',
  name: 'tutor',
  tools: [display_quiz, { type: 'file_search' }],
  tool_resources: { file_search: { vector_store_ids: [store.id] } },
});

const thread = await threads.create({ messages: [{ role: 'user', content: 'quiz please' }] });
let text = '';
const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
const [waiting] = await stream.finalRunSteps().then(() => [stream.currentRun()]);
assert.equal(waiting.status, 'requires_action');
const tool_outputs = waiting.required_action.submit_tool_outputs.tool_calls.map((call) => ({
  tool_call_id: call.id, output: `a${JSON.parse(call.function.arguments).n}`,
}));
const answered = threads.runs.submitToolOutputsStream(waiting.id, { thread_id: thread.id, tool_outputs });
answered.on('textDelta', (delta) => { text += delta.value; });
assert.equal((await answered.finalRun()).status, 'completed');
assert.equal(text, 'you said a1 and a2');

await threads.messages.create(thread.id, { role: 'user', content: 'search for language models' });
const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
assert.equal(run.status, 'completed');
const [reply] = (await threads.messages.list(thread.id)).data;
assert.equal(reply.content[0].text.value.startsWith('All about language models.'), true);
assert.equal(reply.content[0].text.annotations[0].file_citation.file_id, indexed.id);

for (const name of ['a', 'b', 'c']) await assistants.create({ model: 'gpt-4o', name });
const named = [];
for await (const each of assistants.list({ limit: 2, order: 'asc' })) named.push(each.name);
assert.deepEqual(named, ['tutor', 'a', 'b', 'c']);
assert.equal((await threads.delete(thread.id)).deleted, true);
await assert.rejects(threads.retrieve(thread.id), NotFoundError);
console.log('passed');
