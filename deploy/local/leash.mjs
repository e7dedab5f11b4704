// Preloaded into every process of a local stack: it stops when the process that started it is gone, even by kill -9.
const STOP_LIMIT_MS = 15_000;

if (process.channel) {
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGTERM');
    // Whatever it waits for may be gone as well.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_LIMIT_MS).unref();
  });
  process.channel.unref();
}
