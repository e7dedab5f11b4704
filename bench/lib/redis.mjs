import { spawn } from 'node:child_process';

/**
 * A Redis as production runs it: append-only file, no eviction.
 * @returns {Promise<{ url: string, port: number, process: import('node:child_process').ChildProcess, kill(): Promise<void>,
 *   start(): Promise<void>, stop(): Promise<void> }>} `kill` is kill -9; `start` starts it again on its data.
 * @throws Error when there is no redis-server.
 */
export async function startRedis({ folder, port }) {
  const redis = { url: `redis://127.0.0.1:${port}`, port, process: undefined, start, kill, stop };

  async function start() {
    const child = spawn(
      process.env.WACO_TEST_REDIS ?? 'redis-server',
      [
        ...['--port', port, '--dir', folder, '--save', '', '--appendonly', 'yes'],
        ...['--maxmemory-policy', 'noeviction'],
      ].map(String),
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    redis.process = child;
    const onExit = () => child.kill('SIGKILL'); // does not stay behind, however this process ends
    process.once('exit', onExit);
    child.once('exit', () => process.off('exit', onExit));
    await new Promise((ready, fail) => {
      child.once('error', fail);
      child.once('exit', (code, signal) => fail(new Error(`redis-server ended with ${code ?? signal}`)));
      child.stdout.on('data', (line) => String(line).includes('Ready to accept') && ready());
    });
  }

  async function end(signal) {
    const child = redis.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await gone;
  }

  async function kill() {
    await end('SIGKILL');
  }

  async function stop() {
    await end('SIGTERM');
  }

  await start();
  return redis;
}
