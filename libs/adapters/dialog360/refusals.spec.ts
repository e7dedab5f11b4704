import { readRefusal } from './refusals.js';

const meta = (http_code: number, developer_message: string) => ({
  meta: { success: false, http_code, developer_message, '360dialog_trace_id': 'TOZFYLoh3xrUq2FsREQ' },
});
const graph = {
  error: { code: 131047, message: '(#131047) Re-engagement message', error_data: { details: 'late' } },
};

it.each([
  ['Meta’s own', 400, graph, { code: 131047, details: 'late' }],
  ['Meta’s own in an envelope', 400, { detail: graph }, { code: 131047, details: 'late' }],
  ['a wrong key', 401, meta(401, 'Invalid api_key'), { code: 190, details: 'Invalid api_key' }],
  ['a wrong key, as a text', 401, { error: 'Unauthorized' }, { code: 190, details: 'Unauthorized' }],
  ['a blocked path', 403, meta(403, 'This URL is blocked'), { code: 10, details: 'This URL is blocked' }],
  [
    'too many calls',
    400,
    { meta: { success: false, httpCode: 400, developerMessage: 'You have exceeded the limit of 1 request' } },
    { code: 4, details: 'You have exceeded the limit of 1 request' },
  ],
  ['anything else', 400, meta(400, 'has been disabled'), { code: 135000, details: 'has been disabled' }],
])('reads %s', (_what, status, body, refusal) => {
  expect(readRefusal(status, body)).toEqual(refusal);
});

it.each([
  ['a failure that may hide an acceptance', 500, meta(500, 'Internal server error')],
  ['a page of something on the way', 403, undefined],
  ['an answer that is none of theirs', 404, { message: 'no route' }],
  ['an acceptance', 200, { messages: [{ id: 'wamid.1' }] }],
])('is silent on %s', (_what, status, body) => {
  expect(readRefusal(status, body)).toBeUndefined();
});

it('repeats no card number', () => {
  const { details } = readRefusal(400, meta(400, 'text 4242 4242 4242 4242'))!;
  expect(details).not.toContain('4242 4242 4242 4242');
});
