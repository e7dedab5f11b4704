import { createServer, type AddressInfo } from 'node:net';

const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};

/** Authentication is granted, the session is ready, and the server ends it: in one packet. */
const ENDED = Buffer.concat([
  message('R', Buffer.alloc(4)),
  message('Z', Buffer.from('I')),
  message(
    'E',
    Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
  ),
]);

export interface EndingSessions {
  port: number;
  /** How many sessions there were. */
  count(): number;
  close(): Promise<void>;
}

/** Speaks as PostgreSQL does, and ends each session in the moment in which it begins. */
export async function startEndingSessions(): Promise<EndingSessions> {
  let sessions = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      sessions += 1;
      socket.end(ENDED);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    count: () => sessions,
    close: () => new Promise((closed) => server.close(() => closed())),
  };
}

/** What would have ended the process while `work` ran. */
export async function uncaughtBy(work: () => Promise<void>): Promise<unknown[]> {
  const caught: unknown[] = [];
  const hear = (error: unknown): void => void caught.push(error);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, hear);
  try {
    await work();
  } finally {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.off(event, hear);
  }
  return caught;
}
