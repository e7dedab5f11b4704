const $ = (id) => document.getElementById(id);
const CALM = { copies: [1, 1], shuffle: false, maxDelayMs: 0 };
const WILD = { copies: [1, 3], shuffle: true, maxDelayMs: 2000 };

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail ?? answer.message);
  return answer;
}

/** Runs an action and shows why it failed, if it did. */
function attempt(action) {
  return async (event) => {
    $('error').textContent = '';
    await action(event).catch((error) => ($('error').textContent = error.message));
  };
}

function showClock({ now, offsetMs, shiftable }) {
  const format = { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' };
  $('now').textContent = new Date(now).toLocaleString([], format);
  const hours = Math.round(offsetMs / 360_000) / 10;
  $('offset').textContent = !shiftable
    ? '· real time'
    : hours === 0
      ? '· in step with real time'
      : `· ${hours} h ahead (npm run reset puts it back)`;
  for (const button of document.querySelectorAll('#time-buttons button')) button.disabled = !shiftable;
}

function showChaos({ copies, shuffle, maxDelayMs }) {
  const calm = copies[1] === 1 && !shuffle && maxDelayMs === 0;
  $('chaos-line').textContent = calm
    ? 'Each webhook arrives once, at once and in order.'
    : `Each webhook arrives ${copies[0]} to ${copies[1]} times, up to ${maxDelayMs / 1000} s late${shuffle ? ', out of order' : ''}.`;
}

async function showShops() {
  const { shops } = await call('GET', '/control/shops');
  $('no-shops').hidden = shops.length > 0;
  const rows = shops.map(({ shop, name }) => {
    const link = document.createElement('a');
    link.href = `/shops/${encodeURIComponent(shop)}`;
    link.textContent = name;
    const row = document.createElement('li');
    row.append(link);
    return row;
  });
  document.querySelector('#shops ul').replaceChildren(...rows);
}

$('dashboards').href = `${location.protocol}//${location.hostname}:${Number(location.port || 80) - 95}/`;
for (const button of document.querySelectorAll('#time-buttons button')) {
  const change = { advanceMs: Number(button.dataset.ms) };
  button.addEventListener(
    'click',
    attempt(async () => showClock(await call('POST', '/control/clock', change))),
  );
}
$('chaos-on').addEventListener(
  'click',
  attempt(async () => showChaos(await call('PUT', '/control/chaos', WILD))),
);
$('chaos-off').addEventListener(
  'click',
  attempt(async () => showChaos(await call('PUT', '/control/chaos', CALM))),
);

const refresh = attempt(async () => showClock(await call('GET', '/control/clock')));
void refresh();
setInterval(refresh, 10_000);
void attempt(async () => showChaos(await call('GET', '/control/chaos')))();
void attempt(showShops)();
