/** What people write when they do not look for a product. Compared with a whole text, as `plain` leaves it. */
export type Phrase = 'menu' | 'cart' | 'checkout' | 'yes' | 'cancel' | 'track' | 'human' | 'bot' | 'thanks';

/** Letters that one keyboard or another writes differently, marks that most people leave out, digits of other scripts. */
const ALIKE: readonly [RegExp, string | ((found: string) => string)][] = [
  [/[\u064b-\u065f\u0670\u0640]/g, ''],
  [/[أإآٱ]/g, 'ا'],
  [/[یى]/g, 'ي'],
  [/ک/g, 'ك'],
  [/[’‘`´]/g, "'"],
  [/[٠-٩]/g, (d) => String(d.charCodeAt(0) - 0x660)],
  [/[۰-۹]/g, (d) => String(d.charCodeAt(0) - 0x6f0)],
  [/[०-९]/g, (d) => String(d.charCodeAt(0) - 0x966)],
];

/** Text as it is compared and searched. */
export function folded(text: string): string {
  return ALIKE.reduce((t, [from, to]) => t.replace(from, to as string), text.normalize('NFKC')).trim();
}

const POLITE =
  /^(?:please|pls|plz|can you|could you|can i|could i|i want to|i would like to|i'd like to)\s+/u;
const THANKFUL = /\s+(?:please|pls|plz|now|thanks|thank you|من فضلك|لو سمحت|कृपया)$/u;

/** Lower case, without punctuation, emoji and courtesies around it. */
function plain(text: string): string {
  const bare = folded(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}' ]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return bare.replace(POLITE, '').replace(THANKFUL, '').trim();
}

const GREETING =
  /^(?:hi|hiya|hello|hey|hola|yo|good (?:morning|afternoon|evening)|(?:as+|al+)?[ -]?sala*m(?: ?[ou]? ?alai?[ky]+[ou]m)?|marhaba|namaste|namaskar|مرحبا|اهلا(?: وسهلا)?|هلا(?: والله)?|هاي|سلام|السلام عليكم(?: ورحمة الله(?: وبركاته)?)?|صباح الخير|مساء الخير|नमस्ते|नमस्कार|हाय|हैलो|हेलो)(?: (?:there|everyone|all|team|guys|sir|madam|dear|जी))?(?![\p{L}\p{M}\p{N}'-])[\s!.,،…]*/iu;

const GOODS = '(?:orders?|parcels?|packages?|shipments?|delivery|deliveries|stuff|things?|items?)';
const OF_MINE = '(?:my |the |this |that |an? )?';
const ONE_OF_US =
  '(?:a |an |the |some |your |to )*(?:real )?(?:human(?: being)?|agent|person|someone(?: real)?|somebody|staff|support|representative|operator|manager|colleague|team|customer (?:service|support|care))';

const PHRASES: readonly [Phrase, RegExp][] = [
  ['human', new RegExp(`\\b(?:talk|speak|chat|connect(?: me)?|transfer(?: me)?|put me through|call) (?:to|with) ${ONE_OF_US}\\b|^(?:(?:i )?(?:want|need|get me|give me|is there) )?${ONE_OF_US}$|\\bcomplain(?:t|ts|ing)?\\b|\\brefund(?:s|ed|ing)?\\b`, 'u')],
  ['human', new RegExp(`\\b(?:return|exchange|send back|give back) (?:my|this|that|it|these|those|them|the (?:order|item|parcel|product)|an? (?:order|item|product))\\b|^(?:(?:i )?(?:want|need) to )?(?:returns?|exchange)(?: (?:policy|label|form))?$|^how (?:do|can) i (?:return|exchange)\\b`, 'u')],
  ['human', /موظف|خدمة العملاء|(?:ارجاع|استرجاع|استبدال) (?:الطلب|المنتج|طلبي)|^(?:ارجاع|استرجاع)$|एजेंट|इंसान|शिकायत|रिफंड/u],
  ['bot', /^(?:bot|resume|menu|main menu|start|start over|home|shop|back|back to the shop|القائمة|मेन्यू)$/u],
  ['menu', /^(?:help|what do you (?:have|sell)|show (?:me )?(?:everything|all|products|categories)|catalog(?:ue)?|categories)$/u],
  ['track', new RegExp(`^(?:(?:where|when|how)\\b.*\\bmy ${GOODS}\\b.*|(?:track|trace|tracking|check|(?:check |what(?:'s| is) )?(?:the )?status of) ${OF_MINE}${GOODS}(?: status)?|track(?:ing)?(?: (?:number|code|info|link|it|status))?|(?:order|delivery|shipping|tracking) status|my orders?|has my ${GOODS} (?:been )?(?:shipped|left|sent|arrived).*|did my ${GOODS} .*)$`, 'u')],
  ['track', /^(?:وين|اين|فين) (?:طلبي|طلبيتي|شحنتي)|^(?:طلبي|شحنتي) (?:وين|اين|فين)|^(?:تتبع|تتبع (?:الطلب|طلبي|الشحنة))$|^मेरा (?:ऑर्डर|पार्सल)|^mera (?:order|parcel)\b/u],
  ['cart', /^(?:(?:view|show|see|open)(?: me)? )?(?:my |the )?(?:shopping )?(?:cart|basket|bag)$|^what(?:'s| is) in my (?:cart|basket|bag)$|^(?:السلة|سلتي|عربة التسوق|कार्ट|मेरा कार्ट)$/u],
  ['checkout', /^(?:check ?out|pay|pay (?:for )?(?:it|this|my order|my cart)|payment|buy|buy (?:it|this)|place (?:my |the )?order|order (?:it|this)|proceed|ادفع|الدفع|اطلب|भुगतान)$/u],
  ['yes', /^(?:yes|yes go on|yep|yeah|sure|go on|go ahead|continue|confirm|نعم|اي|ايوه|हाँ|हां|haan)$/u],
  ['cancel', new RegExp(`^(?:no|nope|never ?mind|stop|(?:cancel|stop)(?: ${OF_MINE}(?:order|checkout|payment|it))?|الغاء|الغي(?: الطلب)?|لا|नहीं|रद्द करें)$`, 'u')],
  ['thanks', /^(?:thanks?|thank you(?: so much| very much)?|thx|ty|many thanks|ok|okay|k|great|perfect|cool|nice|good|got it|bye|شكرا(?: جزيلا)?|تمام|اوكي|धन्यवाद|शुक्रिया|ठीक है)$/u],
]; // prettier-ignore

/** The phrase that a text is, or what it asks for: the text without a greeting before it. */
export function readPhrase(text: string): { phrase: Phrase } | { rest: string } {
  const asked = folded(text);
  const rest = asked.replace(GREETING, '');
  const words = plain(rest);
  if (words === '') return { phrase: rest === asked ? 'thanks' : 'menu' };
  const known = PHRASES.find(([, pattern]) => pattern.test(words));
  return known ? { phrase: known[0] } : { rest };
}
