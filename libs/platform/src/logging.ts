import type { Params } from 'nestjs-pino';
import { pino, stdTimeFunctions, type DestinationStream, type Logger, type LoggerOptions } from 'pino';
import { maskPeople } from './people-mask.js';

/** Never printed, wherever it stands in a logged object. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'accessToken',
  'access_token',
  'appSecret',
  'apiKey',
  'secretKey',
  'webhookSecret',
  'password',
  'token',
];

function options(service: string, level: string): LoggerOptions {
  return {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // The finished line, wherever in it a person is named.
    hooks: { streamWrite: maskPeople },
    redact: {
      paths: SECRET_FIELDS.flatMap((f) => [f, `*.${f}`, `*.*.${f}`, `req.headers.${f}`]),
      censor: '[redacted]',
    },
  };
}

/** `destination`: standard output unless given. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  return destination ? pino(options(service, level), destination) : pino(options(service, level));
}

/** What `LoggerModule.forRoot` of nestjs-pino takes: one line a request, no bodies, no query strings, no header values. */
export function loggerParams(service: string, level: string): Params {
  return {
    // Probes and webhooks come by the thousand: they are counted, not logged.
    exclude: ['health', 'health/*path', 'metrics', 'webhooks/*path'],
    pinoHttp: {
      ...options(service, level),
      customLogLevel: (_req, res, err) => (err || res.statusCode >= 500 ? 'error' : 'debug'),
      serializers: {
        req: (req: { method: string; url: string }) => ({ method: req.method, path: maskPath(req.url) }),
        res: (res: { statusCode: number }) => ({ statusCode: res.statusCode }),
      },
    },
  };
}

/** A checkout link's token opens a payment: it is not written to logs. */
function maskPath(url: string): string {
  return url.split('?')[0]!.replace(/^(\/c\/)[^/]+/, '$1[token]');
}
