// Responses without the client: a conversation, a streamed response, outputs of two calls, what stands in it then.
import assert from 'node:assert/strict';
import { ask, base, events, json } from './sse.mjs';

const tools = [{ type: 'function', name: 'display_quiz', parameters: { type: 'object' }, strict: false }];
const conversation = (await json('POST', '/conversations', {})).id;

async function respond(input) {
  const seen = { names: [], text: '', response: null };
  const body = { model: 'gpt-4o', conversation, input, tools, stream: true };
  for await (const { name, data } of events(await ask('POST', '/responses', body))) {
    assert.equal(name, data.type);
    assert.equal(data.sequence_number, seen.names.length);
    seen.names.push(name);
    if (name === 'response.output_text.delta') seen.text += data.delta;
    seen.response = data.response ?? seen.response;
  }
  assert.equal(seen.names.at(-1), 'response.completed');
  return seen;
}

const first = await respond('quiz please');
const calls = first.response.output.filter((item) => item.type === 'function_call');
assert.equal(calls.length, 2);
const second = await respond(calls.map((call) => ({
  type: 'function_call_output', call_id: call.call_id, output: `a${JSON.parse(call.arguments).n}`,
})));
assert.equal(second.text, 'you said a1 and a2');
assert.ok(second.response.usage.total_tokens > 0);
assert.equal((await respond('hello')).text, 'hello there, friend');

const items = await json('GET', `/conversations/${conversation}/items?order=asc`);
assert.deepEqual(
  items.data.filter((item) => item.type === 'message').map((item) => item.content[0].text),
  ['quiz please', 'you said a1 and a2', 'hello', 'hello there, friend'],
);
assert.equal((await json('DELETE', `/conversations/${conversation}`)).deleted, true);
assert.equal((await fetch(`${base}/conversations/${conversation}`)).status, 404);
console.log('passed');
