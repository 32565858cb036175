const LIMIT = 200_000;

export async function readBody(req) {
  let text = '';
  for await (const chunk of req) {
    text += chunk;
    if (text.length > LIMIT) throw new RangeError('body too long');
  }
  return text;
}
