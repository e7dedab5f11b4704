// A Vendure shop with the Waco plugin. It runs where its packages are installed.
const { bootstrap, DefaultLogger, JobQueueService, LogLevel } = require('@vendure/core');
const { WacoPlugin } = require('./plugin/index.js');

const { PORT, DATABASE_URL, VENDURE_USER, VENDURE_PASSWORD, WEBHOOK_URL, WEBHOOK_SECRET } = process.env;

async function start() {
  const app = await bootstrap({
    apiOptions: {
      port: Number(PORT),
      hostname: '127.0.0.1',
      adminApiPath: 'admin-api',
      shopApiPath: 'shop-api',
      cors: false,
      csrfPrevention: true,
    },
    authOptions: {
      tokenMethod: ['bearer', 'cookie', 'api-key'],
      superadminCredentials: { identifier: VENDURE_USER, password: VENDURE_PASSWORD },
      cookieOptions: { secret: 'test' },
    },
    dbConnectionOptions: { type: 'postgres', url: DATABASE_URL, synchronize: true },
    logger: new DefaultLogger({ level: LogLevel.Error, timestamp: false }),
    paymentOptions: { paymentMethodHandlers: [] },
    plugins: [
      WacoPlugin.init({ webhook: WEBHOOK_URL ? { url: WEBHOOK_URL, secret: WEBHOOK_SECRET } : undefined }),
    ],
  });
  await app.get(JobQueueService).start();
  process.send('ready');
}

start().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
