import { isPublicHttpsUrl } from './public-host.js';

describe('URLs that merchants may name', () => {
  it.each(['https://shop.example.com', 'https://shop.example.com:8443/api', 'https://93.184.216.34/'])(
    'allows %s',
    (url) => expect(isPublicHttpsUrl(url)).toBe(true),
  );

  it.each([
    'http://shop.example.com',
    'https://localhost/',
    'https://redis/',
    'https://waco.internal./',
    'https://127.0.0.1/',
    'https://2130706433/', // 127.0.0.1 as one number
    'https://0x7f.1/',
    'https://10.1.2.3/',
    'https://172.20.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.100.100.200/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://admin.default.svc/',
    'https://user:secret@shop.example.com/',
    'file:///etc/passwd',
    'not a url',
  ])('refuses %s', (url) => expect(isPublicHttpsUrl(url)).toBe(false));
});
