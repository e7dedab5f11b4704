import { connect } from 'node:net';

const PATIENCE_MS = 5_000;

/**
 * Sends these bytes and reads until the other side closes, or has sent one whole answer.
 * @returns {Promise<{ status: number, headers: Record<string, string>, text: string } | undefined>} `text` is all that
 *   came, head included; undefined when the connection was closed without an answer.
 */
export function exchange({ port, host = '127.0.0.1' }, bytes) {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host }, () => socket.write(bytes, 'latin1'));
    const end = () => {
      socket.destroy();
      resolve(answerOf(text));
    };
    socket.setEncoding('latin1');
    socket.setTimeout(PATIENCE_MS, end);
    socket.on('data', (chunk) => {
      text += chunk;
      if (isWhole(text)) end();
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}

/** Whether a connection can be made. */
export function isOpenAt(port, host) {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: 2_000 });
    const end = (open) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function answerOf(text) {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  return status && { status: Number(status), headers: headersOf(text), text };
}

function headersOf(text) {
  const [, ...lines] = text.split('\r\n\r\n', 1)[0].split('\r\n');
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
}

function isWhole(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const { 'content-length': length, 'transfer-encoding': coding } = headersOf(text);
  if (coding === 'chunked') return text.endsWith('\r\n0\r\n\r\n');
  return length !== undefined && text.length >= head + 4 + Number(length);
}
