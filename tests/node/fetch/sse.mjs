// Server-sent events out of a reply of `fetch`, and requests in a line: what a client without a library needs.

export const base = process.argv[2];

export async function ask(method, path, body, headers = {}) {
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

export async function json(method, path, body, headers) {
  const text = await (await ask(method, path, body, headers)).text();
  return text === '' ? null : JSON.parse(text);
}

export async function* events(response) {
  if (!response.headers.get('content-type').startsWith('text/event-stream')) throw new Error('no stream');
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const event = { name: null, data: [] };
      for (const line of block.split('\n')) {
        const [, field, value] = /^([^:]*): ?(.*)$/.exec(line);
        if (field === 'event') event.name = value;
        if (field === 'data') event.data.push(value);
      }
      const text = event.data.join('\n');
      if (text !== '[DONE]') yield { name: event.name, data: JSON.parse(text) };
    }
  }
  if (rest !== '') throw new Error(`the stream ends within an event: ${rest}`);
}
