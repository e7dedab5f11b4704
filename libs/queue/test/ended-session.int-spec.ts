import { openQueueBackend } from '#queue';
import { startEndingSessions, uncaughtBy, type EndingSessions } from '#testing';

let server: EndingSessions;
beforeAll(async () => {
  server = await startEndingSessions();
});
afterAll(() => server.close());

it('sessions of the queue that end while the pool hands them over do not end the process', async () => {
  const backend = openQueueBackend(`postgres://waco_queue:p@127.0.0.1:${server.port}/d`, 'p');
  const uncaught = await uncaughtBy(async () => {
    for (let i = 0; i < 3; i++) await expect(backend.queue('q').getJobCounts()).rejects.toThrow();
  });
  await backend.close();
  expect(uncaught).toEqual([]);
  expect(server.count()).toBeGreaterThan(0);
});
