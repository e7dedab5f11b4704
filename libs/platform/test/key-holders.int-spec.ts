import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileKeyRing, openKeyRing, openSecretBox, seal, unseal } from '#platform';

const newKey = (): string => randomBytes(32).toString('base64');
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waco-keys-'));
  file = join(folder, 'keys');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As a secret store's agent replaces it: whole or not at all. */
function replace(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

describe('a key ring in a file', () => {
  const [a, b] = [newKey(), newKey()];

  it('takes up a new key while it runs, at once when a value needs it', () => {
    replace(`a:${a}`);
    const reader = openKeyRing({ WACO_MASTER_KEYS_FILE: file, WACO_MASTER_KEYS: `x:${newKey()}` });
    expect(reader.current).toBe('a');
    replace(`b:${b},a:${a}`);
    const writer = new FileKeyRing(file);
    const sealed = seal('secret', 'row', writer);
    expect(sealed).toMatch(/^v1\.b\./);
    expect(unseal(sealed, 'row', reader)).toBe('secret');
    expect(reader.current).toBe('b');
  });

  it('keeps its keys while the file is gone, empty or nonsense', () => {
    replace(`a:${a}`);
    const ring = new FileKeyRing(file);
    const sealed = seal('secret', 'row', ring);
    for (const spoil of [() => rmSync(file), () => replace(''), () => replace('a:short')]) {
      spoil();
      ring.refresh();
      expect(unseal(sealed, 'row', ring)).toBe('secret');
    }
    replace(`b:${b}`);
    ring.refresh();
    expect(() => unseal(sealed, 'row', ring)).toThrow('master key a is not in the key ring');
  });

  it('stops the start when it cannot be used, naming the variable and not the contents', () => {
    expect(() => openKeyRing({ WACO_MASTER_KEYS_FILE: join(folder, 'none') })).toThrow(
      'WACO_MASTER_KEYS_FILE names a file that cannot be read',
    );
    replace('a:notakey');
    const open = (): unknown => openKeyRing({ WACO_MASTER_KEYS_FILE: file });
    expect(open).toThrow(/WACO_MASTER_KEYS_FILE must be a list/);
    expect(open).not.toThrow(/notakey/);
    expect(() => openKeyRing({})).toThrow('WACO_MASTER_KEYS or WACO_MASTER_KEYS_FILE must be set');
  });
});

describe('a key management service', () => {
  let kms: ChildProcess | undefined;
  afterEach(async () => {
    if (!kms || kms.exitCode !== null || kms.signalCode !== null) return;
    kms.kill();
    await once(kms, 'exit');
  });

  async function start(keys: object): Promise<string> {
    writeFileSync(file, JSON.stringify(keys));
    const script = join(process.cwd(), 'libs/platform/test/fake-kms.mjs');
    kms = fork(script, [file, 'kms-token'], { execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const [line] = (await once(kms.stdout!, 'data')) as [Buffer];
    return `http://127.0.0.1:${line.toString().trim()}`;
  }

  it('seals from the moment it is there; what the ring has sealed still opens, and can be moved to it', async () => {
    const url = await start({ current: 'k1', keys: { k1: newKey(), k2: newKey() } });
    const ring = openKeyRing({ WACO_MASTER_KEYS: `a:${newKey()}` });
    const before = openSecretBox(ring);
    const box = openSecretBox(ring, { WACO_KMS_URL: url, WACO_KMS_TOKEN: 'kms-token' });

    const old = await before.seal('secret', 'row');
    expect(await box.open(old, 'row')).toBe('secret');
    const moved = await box.rewrap(old, 'row');
    expect(moved).toMatch(/^v1\.kms-k1\./);
    expect(await box.open(moved!, 'row')).toBe('secret');
    expect(await box.rewrap(moved!, 'row')).toBeUndefined();
    await expect(before.open(moved!, 'row')).rejects.toThrow('master key kms-k1 is not in the key ring');
    await expect(box.open(moved!, 'elsewhere')).rejects.toThrow();
  });

  it('rotates by itself: its new key becomes the current one', async () => {
    const keys = { k1: newKey(), k2: newKey() };
    const url = await start({ current: 'k1', keys });
    const open = () =>
      openSecretBox(openKeyRing({ WACO_MASTER_KEYS: `a:${newKey()}` }), {
        WACO_KMS_URL: url,
        WACO_KMS_TOKEN: 'kms-token',
      });
    const box = open();
    const sealed = await box.seal('secret', 'row');
    writeFileSync(file, JSON.stringify({ current: 'k2', keys }));
    const renewed = await box.rewrap(sealed, 'row');
    expect(renewed).toMatch(/^v1\.kms-k2\./);
    writeFileSync(file, JSON.stringify({ current: 'k2', keys: { k2: keys.k2 } }));
    const later = open();
    expect(await later.open(renewed!, 'row')).toBe('secret');
    await expect(later.open(sealed, 'row')).rejects.toThrow('KMS: unwrap answered 400');
  });

  it('that does not answer, or refuses the token, is an error that tells no secret', async () => {
    const url = await start({ current: 'k1', keys: { k1: newKey() } });
    const ring = openKeyRing({ WACO_MASTER_KEYS: `a:${newKey()}` });
    const stranger = openSecretBox(ring, { WACO_KMS_URL: url, WACO_KMS_TOKEN: 'guess' });
    await expect(stranger.seal('secret', 'row')).rejects.toThrow(/^KMS: wrap answered 401$/);

    const box = openSecretBox(ring, { WACO_KMS_URL: url, WACO_KMS_TOKEN: 'kms-token' });
    const [known, other] = [await box.seal('one', 'row'), await box.seal('two', 'row')];
    expect(await box.open(known, 'row')).toBe('one');
    kms!.kill();
    await once(kms!, 'exit');
    // What was opened lately still opens: a short outage does not stop those who work.
    expect(await box.open(known, 'row')).toBe('one');
    await expect(box.open(other, 'row')).rejects.toThrow(/^KMS: unwrap was not answered$/);
  });
});
