import { checkDigit } from './card-number-samples.js';
import type { Random } from './seeded.js';

/** National numbers by country code, as people write them. */
const PHONES =
  `971 5# ### ####|966 5# ### ####|91 9#### #####|92 3## #######|880 1###-######|20 1# #### ####|90 5## ### ## ##
49 15# ########|49 17# #######|33 6 ## ## ## ##|44 7### ######|39 3## ### ####|34 6## ### ###|351 9## ### ###|31 6 #### ####
32 4## ## ## ##|43 6## #######|41 7# ### ## ##|48 6## ### ###|420 7## ### ###|46 7# ### ## ##|47 9## ## ###|45 ## ## ## ##
358 4# ### ####|30 69# ### ####|40 7## ### ###|36 20 ### ####|380 50 ### ## ##|7 9## ###-##-##|1 (2##) ###-####|52 1 55 #### ####
55 11 9####-####|54 9 11 ####-####|57 3## #######|56 9 #### ####|51 9## ### ###|58 4## #######|593 9# ### ####|62 8##-####-####
60 1#-### ####|63 9## ### ####|65 8### ####|66 8# ### ####|84 9# ### ####|81 90-####-####|82 10-####-####|86 13# #### ####
852 5### ####|61 4## ### ###|64 2# ### ####|234 8## ### ####|254 7## ######|27 8# ### ####|972 5#-###-####`.split(
    /[|\n]/,
  );

/** Account numbers by country: # is a digit, @ a letter. */
const IBANS = ['AE', 21, 'SA', 22, 'DE', 20, 'ES', 22, 'AT', 18, 'BE', 14, 'PL', 26, 'PT', 23, 'TR', 24, 'CH', 19, 'DK', 16].concat(
  ['FR', 25, 'SE', 22, 'FI', 16, 'GB', '##@@@@##############', 'NL', '##@@@@##########', 'KW', '##@@@@' + '#'.repeat(22)],
); // prettier-ignore

const TABLE = (random: Random): Record<string, () => string> => {
  const { whole, pick, digits, letters, chance } = random;
  const hex = (count: number) => letters(count, '0123456789abcdef');
  const token = (count: number) =>
    letters(count, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
  /** `#` is a digit, `@` a capital letter. */
  const like = (pattern: string) => pattern.replace(/[#@]/g, (sign) => (sign === '#' ? digits(1) : letters(1)));
  const number = (count: number) => String(whole(1, 9)) + digits(count - 1);
  const two = (value: number) => String(value).padStart(2, '0');
  const fours = (text: string) => text.replace(/(.{4})(?=.)/g, '$1 ');
  const ean = (body: string) => {
    const sum = [...body].toReversed().reduce((total, d, i) => total + Number(d) * (i % 2 === 0 ? 3 : 1), 0);
    return body + ((10 - (sum % 10)) % 10);
  };
  const uuid = () => {
    const time = (1_790_000_000_000 + whole(0, 20_000_000_000)).toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
  };
  const phone = (): string => {
    const written = like(pick(PHONES));
    const bare = written.replace(/\D/g, '');
    return pick([`+${written}`, `+${bare}`, bare, written, `00${bare}`, `0${written.slice(written.indexOf(' ') + 1)}`]);
  };
  const iban = () => {
    const at = 2 * whole(0, IBANS.length / 2 - 1);
    const rest = IBANS[at + 1]!;
    return `${IBANS[at]}${typeof rest === 'number' ? digits(rest) : like(rest)}`;
  };
  const date = () => [whole(2020, 2029), two(whole(1, 12)), two(whole(1, 28))] as const;
  const time = () => [whole(0, 23), whole(0, 59), whole(0, 59)].map(two).join(':');
  const amount = () => pick([`${number(whole(1, 3))}.##`, `${number(whole(1, 3))},###.##`, number(whole(2, 5))].map(like));
  const list = (count: [number, number], make: () => string, gaps: string[]) =>
    Array.from({ length: whole(...count) }, make).join(pick(gaps));
  const place = (decimals: number) => {
    const [lat, lng] = [`${whole(-90, 90)}.${digits(decimals)}`, `${whole(-180, 180)}.${digits(decimals)}`];
    return pick([`${lat}, ${lng}`, `${lat},${lng}`, `https://maps.example/?q=${lat},${lng}`, `lat: ${lat} lng: ${lng}`]);
  };
  const address = () => [1, 2, 3, 4].map(() => whole(1, 254)).join('.');
  const millis = () => String(1_700_000_000_000 + whole(0, 200_000_000_000));

  return {
    // People.
    'phone number': phone,
    'number of any country': () => `+${whole(1, 9)}${digits(whole(9, 12))}`,
    'two phone numbers': () => phone() + pick([' / ', ', ', '\n', ' ', '; ']) + phone(),
    'two phone numbers of the UAE': () => `05${digits(8)} / 05${digits(8)}`,
    'Emirates ID': () => `784-${whole(1950, 2010)}-${digits(7)}-${digits(1)}`,
    Aadhaar: () => `${whole(2, 9)}${digits(3)} ${digits(4)} ${digits(4)}`,
    'resident of China': () => like(`${pick(['11', '31', '44', '51', '61'])}####19${whole(50, 99)}0${whole(1, 9)}${whole(10, 28)}####`),
    'national id': () => pick([like('#####-#######-#'), `2${digits(13)}`, digits(13), digits(10)]),
    // Accounts and taxes.
    IBAN: iban,
    'IBAN, in fours': () => fours(iban()),
    'IBAN, small letters': () => fours(iban()).toLowerCase(),
    'VAT number': () => like(pick(['DE#########', 'FR###########', 'ATU########', 'NL#########B01', 'IT###########', 'SE############', '100############'])),
    GSTIN: () => like(`${two(whole(1, 37))}@@@@@####@1Z#`),
    CNPJ: () => like(pick(['##.###.###/0001-##', '########0001##', '###.###.###-##'])),
    'bank account': () => digits(whole(9, 18)),
    // Meta.
    'business account': () => `1${whole(0, 2)}${digits(13)}`,
    'phone number id': () => pick([`1${whole(0, 2)}${digits(13)}`, number(15)]),
    'id of a page': () => `10${digits(13)}`,
    'id of a catalog': () => number(pick([15, 16])),
    'Instagram user': () => `17841${digits(12)}`,
    'id of 15 to 17 digits': () => number(whole(15, 17)),
    'scoped user id': () => `${pick(['US', 'AE', 'IN'])}.${digits(20)}`,
    'scoped user id, letters': () => `AE.${token(22).replace(/[-_]/g, 'a')}`,
    'message id': () => `wamid.HBgM${token(44)}==`,
    // Ids of programs.
    UUID: uuid,
    'our id': () => `ord_${uuid().replaceAll('-', '')}`,
    hash: () => hex(pick([24, 32, 40, 64])),
    'base64 token': () => token(64),
    JWT: () => `eyJ${token(30)}.eyJ${token(120)}.${token(43)}`,
    snowflake: () => `1${digits(pick([17, 18]))}`,
    'payment id': () => pick([`pi_${token(24)}`, `pay_${token(14)}`, like('@@##@@@@@###@@@@#')]),
    // Goods.
    EAN: () => ean(pick(['400', '628', '629', '890', '978', '501', '761', '871']) + digits(9)),
    'three EANs': () => list([3, 3], () => ean(pick(['62', '89', '50', '76', '87']) + digits(10)), [', ']),
    'GTIN-14': () => ean(digits(13)),
    UPC: () => ean(digits(11)),
    ISBN: () => pick([ean(`978${digits(9)}`), like('978-3-16-######-#'), like('#-###-#####-X')]),
    SKU: () => like(pick(['SKU-######-42', '@@@########', '#####-###-##', 'HOOD-BLK-XL-####', '@@-#############', '@@@@########'])),
    sizes: () => `${whole(10, 60)}x${whole(10, 60)}x${whole(10, 60)} cm, ${whole(36, 48)} ${whole(36, 48)} ${whole(36, 48)}`,
    'run of sizes': () => [36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46].slice(whole(0, 3), whole(6, 11)).join(pick([' ', ', ', '/'])),
    IMEI: () => {
      const body = `${pick(['35', '86', '01', '99'])}${digits(12)}`;
      return body + checkDigit(body);
    },
    ICCID: () => {
      const body = `89${pick(['971', '91', '49'])}${digits(13)}`;
      return body + checkDigit(body);
    },
    // Orders.
    'order number': () => pick([`#${digits(whole(4, 10))}`, `ORD-${digits(12)}`, `W${digits(7)}`, `INV-2026-${digits(6)}`]),
    Amazon: () => `${pick(['171', '302', '404', '405', '406', '408', '112', '028'])}-${digits(7)}-${digits(7)}`,
    AliExpress: () => `${pick(['11', '30', '50', '81'])}${digits(14)}`,
    eBay: () => like('##-#####-#####'),
    Flipkart: () => `OD${whole(1, 4)}${digits(17)}`,
    Walmart: () => like('2000###-########'),
    'other marketplaces': () => like(pick(['NAEI###########', '2000############', '##########', 'PO-######-###########'])),
    'dated order number': () => `${date().join('')}${digits(6)}`,
    // Parcels.
    Aramex: () => pick([`${whole(3, 5)}${digits(10)}`, digits(11)]),
    UPS: () => `1Z${pick(['999AA1', 'E4X', 'W3A'])}${digits(10)}`,
    USPS: () => fours(`${pick(['9400', '9205', '9361'])}${digits(18)}`),
    'USPS, as a whole': () => `${pick(['9400', '9205', '9361'])}${digits(18)}`,
    'post of many countries': () => like(`${pick(['RR', 'EE', 'CP'])}#########${pick(['AE', 'IN', 'DE'])}`),
    DHL: () => pick([digits(10), `JJD00${digits(16)}`, `00340434${digits(12)}`, digits(12)]),
    FedEx: () => pick([digits(12), fours(digits(12)), `${pick(['7', '9'])}${digits(14)}`]),
    'Delhivery, XpressBees': () => pick([`1${digits(whole(12, 13))}`, `134${digits(11)}`]),
    DPD: () => pick([`0${digits(13)}`, like('0### ### ### ####')]),
    'Canada Post': () => `${pick(['7', '1', '2', '8'])}${digits(15)}`,
    'Australia Post': () => `99${digits(21)}`,
    'Yamato, Sagawa': () => like(`${pick(['3', '4', '6'])}###-####-####`),
    'SF, Cainiao, Yanwen': () => like(pick(['SF#############', 'LP00##############', 'YT#############'])),
    'Royal Mail, La Poste, PostNL': () => like(pick(['6A###########', '3S@@@@#########', 'JJFI#################', 'TBA############'])),
    'Swiss Post, Yodel': () => like(pick(['99.##.######.########', 'JD0002############'])),
    // Money.
    'price list': () => list([3, 8], amount, [', ', ' / ', '\n', '; ']),
    'price list with currency': () => list([3, 8], () => `${pick(['AED ', '€', '₹ ', '$'])}${amount()}`, [', ', '\n']),
    'prices of three digits': () => list([4, 8], () => number(3), [', ', '\n', ' ', '/']),
    'prices of four digits': () => list([5, 8], () => number(4), [', ', '/', '; ']),
    amounts: () => `${amount()} + ${amount()} = AED ${amount()}`,
    years: () => list([3, 6], () => String(whole(1950, 2030)), [', ', '-', ' ']),
    'amounts of crypto currency': () => like(`0.######## BTC, ${whole(1, 99)}.######## ETH`),
    // Times and places.
    'Unix time': () => pick([String(whole(1_600_000_000, 1_900_000_000)), millis(), millis() + digits(3), `${millis()}-${millis()}`]),
    'Unix time in nanoseconds': () => millis() + digits(6),
    'date and time': () => pick([`${date().join('-')} ${time()}`, `${date().join('')}${time().replaceAll(':', '')}`, `${date().join('-')}T${time()}.${digits(3)}Z`]),
    'two dates': () => pick([`${date().join('-')} / ${date().join('-')}`, `${date().toReversed().join('/')} - ${date().toReversed().join('/')}`]),
    'two times': () => `${date().join('-')} ${time()} – ${date().join('-')} ${time()}`,
    place: () => place(whole(6, 14)),
    'place in the UAE': () => `${whole(22, 26)}.${digits(6)}, ${whole(51, 56)}.${digits(6)}`,
    'decimal number': () => `0.${digits(whole(8, 17))}`,
    // Texts.
    'words of China': () => pick(['订单二〇二六年十一月二十六日下单,第一件四百五十元', '三百五十六万七千八百九十一元', '一、二、三、四、五、六、七、八、九、十', '我住在一零二号楼三单元四零一室']),
    'numbers of China': () => `我要${whole(1, 9)}件T恤,一共${whole(100, 999)}元,电话13${digits(9)}`,
    'words of Japan': () => `注文番号${digits(8)}、${whole(1, 9)}点、合計${whole(1_000, 99_999)}円、〒${digits(3)}-${digits(4)}`,
    'phone number in words': () => `电话一三${letters(9, '零一二三四五六七八九')}`,
    'Roman numerals': () => pick(['Ⅰ Ⅱ Ⅲ Ⅳ Ⅴ Ⅵ Ⅶ Ⅷ Ⅸ Ⅹ Ⅺ Ⅻ', 'I, II, III, IV, V, VI, VII, VIII, IX, X', 'MCMXCIV']),
    'circled list': () => '①②③④⑤⑥⑦⑧⑨⑩ ⑴⑵⑶⑷⑸',
    'log of a web server': () => `${address()} - - [26/Nov/2026:${time()} +0000] "GET /v1/orders/${digits(4)} HTTP/1.1" 200 ${whole(100, 99_999)} ${whole(1, 900)}`,
    'log of a program': () => pick([`{"level":30,"time":${millis()},"pid":${whole(1, 9_999)}}`, `${date().join('-')} ${time()},${digits(3)} [${whole(1, 99)}] INFO ${digits(4)}`]),
    'addresses of hosts': () => `${address()}:${whole(1_024, 65_535)} -> ${address()}:${whole(1, 65_535)}`,
    CSV: () => `${digits(4)};${amount()};${date().join('-')};${whole(1, 20)};${amount()};${digits(6)}`,
    'one-time passwords': () => `${digits(6)} ${digits(6)}`,
    scores: () => list([4, 8], () => `${whole(0, 5)}-${whole(0, 5)}`, [', ']),
    matrix: () => list([4, 4], () => list([4, 4], () => String(whole(0, 99)), [' ']), ['\n']),
    fraction: () => String(chance()),
  };
}; // prettier-ignore

/** What looks like a card number and is none. Each line is a kind. */
export function lookalikes(random: Random): [kind: string, make: () => string][] {
  return Object.entries(TABLE(random));
}

/** Kinds of which about one in ten is taken for a card number: prefix, length and checksum hold, and nothing tells them apart. */
export function likeCards({ whole, pick, digits }: Random): [kind: string, make: () => string][] {
  return [
    ['product code of Germany', () => `4${pick(['0', '1', '2', '3'])}${digits(11)}`],
    ['mobile number of Germany', () => `4915${digits(9)}`],
    ['order number of Taobao', () => `${whole(1, 4)}${digits(18)}`],
    ['account number in Russia', () => `40817810${digits(12)}`],
    ['code of an electricity meter', () => digits(20).replace(/(.{4})(?=.)/g, '$1 ')],
    ['number of 16 digits', () => digits(16)],
  ];
}
