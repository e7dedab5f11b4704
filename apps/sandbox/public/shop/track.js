import { h, PARCEL_STEPS, when } from './format.js';

const [, , shop, , code] = location.pathname.split('/');
const $ = (id) => document.getElementById(id);
const STATIONS = ['created', 'shipped', 'out_for_delivery', 'delivered'];

function station(name, i, parcel) {
  const failed = parcel.status === 'failed';
  const reached = failed ? STATIONS.length - 1 : STATIONS.indexOf(parcel.status);
  const now = i === reached;
  const shown = failed && now ? 'failed' : name;
  const classes = [i <= reached && 'done', now && 'now', failed && now && 'bad'].filter(Boolean).join(' ');
  return h(
    'li',
    { class: classes },
    PARCEL_STEPS[shown],
    now && h('small', {}, when(parcel.updatedAt) + (failed ? `. ${parcel.reason}` : '')),
  );
}

async function load() {
  const response = await fetch(`/shops/${shop}/public/tracking/${code}`);
  if (!response.ok) {
    $('lead').textContent = 'There is no parcel with this code.';
    return;
  }
  const { shop: name, orderNumber, parcel } = await response.json();
  document.title = `${parcel.trackingCode}: ${name}`;
  $('logo').textContent = name.trim().charAt(0).toUpperCase();
  $('title').textContent = parcel.trackingCode;
  const open = parcel.status !== 'delivered' && parcel.status !== 'failed';
  const eta = open && parcel.eta ? `, expected ${when(parcel.eta)}` : '';
  $('lead').textContent = `Order ${orderNumber} from ${name}, with ${parcel.carrier}${eta}`;
  $('timeline').replaceChildren(...STATIONS.map((step, i) => station(step, i, parcel)));
}

void load();
setInterval(() => void load(), 4000);
