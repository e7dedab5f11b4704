// Preloaded into every process of a local stack: it stops when the process that started it is gone, even by kill -9.
if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
