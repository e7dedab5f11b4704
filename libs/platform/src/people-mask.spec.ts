import { createLogger } from './logging.js';
import { maskPeople } from './people-mask.js';

const PHONE = '971501234567';

describe('maskPeople', () => {
  it.each([
    [`thread/acc_1/${PHONE}`, 'thread/acc_1/•••67'],
    ['thread/acc_1/AE.1A2B3C4D', 'thread/acc_1/•••4D'],
    [`{"stream":"thread/acc_1/${PHONE}","n":1}`, '{"stream":"thread/acc_1/•••67","n":1}'],
    [
      `{"waId":"${PHONE}","userId":"AE.12345","username":"amira"}`,
      '{"waId":"•••67","userId":"•••45","username":"•••ra"}',
    ],
    [
      `{"aliases":[{"scheme":"visitor_id","value":"visitor-77"}]}`,
      '{"aliases":[{"scheme":"visitor_id","value":"•••77"}]}',
    ],
    [
      `{"value": "AE.12345", "scheme": "user_id"}, {"value": "amira", "sku": "L"}`,
      `{"value": "•••45", "scheme": "user_id"}, {"value": "amira", "sku": "L"}`,
    ],
    [
      '{"err":"Failing row contains (\\"value\\": \\"AE.12345\\", \\"scheme\\": \\"user_id\\")"}',
      '{"err":"Failing row contains (\\"value\\": \\"•••45\\", \\"scheme\\": \\"user_id\\")"}',
    ],
    [`{"msg":"{\\"wa_id\\":\\"${PHONE}\\"}"}`, '{"msg":"{\\"wa_id\\":\\"•••67\\"}"}'],
    ['call +971 50 123 4567 now', 'call •••67 now'],
    [`(#131030) Recipient ${PHONE} is not in the list`, '(#131030) Recipient •••67 is not in the list'],
    [`"${PHONE}"`, '"•••67"'],
  ])('%s', (line, masked) => {
    expect(maskPeople(line)).toBe(masked);
    expect(maskPeople(masked)).toBe(masked);
  });

  it.each([
    '{"time":"2026-11-21T10:20:00.123Z","level":"info"}',
    'recipient/acc_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8/con_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8',
    'order W7K3M9QX of ord_01234567890123456789012345678901',
    '{"phoneNumberId":"106540352242922","businessAccountId": "102290129340398"}',
    'took 1234.5678901234 ms, at 10.20.30.40',
    'thread',
  ])('leaves %s alone', (line) => {
    expect(maskPeople(line)).toBe(line);
  });
});

it('stands before everything that a service logs', () => {
  const written: string[] = [];
  const log = createLogger('test', 'info', { write: (line) => void written.push(line) });
  log.warn(
    { event: 'job.interrupted', stream: `thread/acc_1/${PHONE}`, person: { waId: PHONE } },
    `for ${PHONE}`,
  );
  log.error({ err: new Error(`no answer for +${PHONE}`) });
  expect(written).toHaveLength(2);
  expect(written.join('')).not.toContain('5012345');
  expect(JSON.parse(written[0]!)).toMatchObject({ event: 'job.interrupted', stream: 'thread/acc_1/•••67' });
});
