/** The pay page. What is typed into the card fields stays here: the page sends only how the customer decided. */

const id = location.pathname.split('/')[2];
const $ = (name) => document.getElementById(name);

const TEST_CARDS = {
  paid: '4242 4242 4242 4242',
  declined: '4000 0000 0000 0002',
  delayed: '4000 0000 0000 0077',
};

let details;

function money(minor) {
  const amount = minor / 10 ** details.decimals;
  return `${details.currency} ${amount.toLocaleString('en', {
    minimumFractionDigits: details.decimals,
    maximumFractionDigits: details.decimals,
  })}`;
}

function dayAndTime(date) {
  const time = date.toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false });
  return `${date.toLocaleDateString('en', { weekday: 'long' })}, ${time}`;
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function lineItem({ title, quantity, amount, picture }, pictures) {
  const item = element('li', pictures ? '' : 'bare');
  if (pictures && picture) {
    const image = element('img');
    image.src = picture;
    image.alt = '';
    item.append(image);
  } else if (pictures) {
    item.append(element('span', 'blank'));
  }
  const name = element('span', 'name', title);
  if (quantity > 1) name.append(element('span', 'quantity', `${quantity} × ${money(amount / quantity)}`));
  item.append(name, element('span', 'amount', money(amount)));
  return item;
}

function linkTo(node, url) {
  node.hidden = !/^https?:\/\//.test(url ?? '');
  if (!node.hidden) node.href = url;
}

function showOpen() {
  document.title = `${details.merchant}: ${money(details.total)}`;
  $('merchant').textContent = details.merchant;
  $('merchant-short').textContent = details.merchant;
  $('logo').textContent = details.merchant.trim().charAt(0).toUpperCase();
  $('total').textContent = money(details.total);
  $('total-due').textContent = money(details.total);
  $('pay-label').textContent = `Pay ${money(details.total)}`;
  $('expiry').textContent = `This page is open until ${dayAndTime(new Date(details.expiresAt * 1000))}`;
  const pictures = details.lines.some((line) => line.picture);
  $('lines').replaceChildren(...details.lines.map((line) => lineItem(line, pictures)));
  linkTo($('cancel'), details.cancelUrl);
  linkTo($('cancel-text'), details.cancelUrl);
  $('bank-merchant').textContent = details.merchant;
  $('bank-amount').textContent = money(details.total);
  $('checkout').hidden = false;
}

function showEnded() {
  const paid = details.status === 'complete';
  const waiting = paid && details.paymentStatus !== 'paid';
  $('checkout').hidden = true;
  $('ended').hidden = false;
  $('ended-mark').textContent = paid ? '✓' : '·';
  $('ended-mark').classList.toggle('bad', !paid);
  $('ended-title').textContent = paid
    ? waiting
      ? 'Payment started'
      : 'Payment received'
    : 'This page has expired';
  $('ended-text').textContent = paid
    ? `${details.merchant} has your order. You can close this page.`
    : 'Nothing was charged. Ask the shop for a new payment link.';
  linkTo($('ended-link'), paid ? details.successUrl : details.cancelUrl);
}

async function refresh() {
  const response = await fetch(`/pay/${id}/details`);
  if (!response.ok) throw new Error(`details: ${response.status}`);
  details = await response.json();
  if (details.status === 'open') showOpen();
  else showEnded();
}

function notice(text) {
  $('notice').textContent = text ?? '';
  $('notice').hidden = !text;
}

function busy(on) {
  for (const button of document.querySelectorAll('button')) button.disabled = on;
}

async function complete(outcome, method) {
  busy(true);
  notice();
  try {
    const response = await fetch(`/pay/${id}/complete`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ outcome, method }),
    });
    if (response.status === 409) return await refresh();
    if (!response.ok) throw new Error(`complete: ${response.status}`);
    const { redirect } = await response.json();
    if (redirect) return location.assign(redirect);
    notice('Your card was declined. Nothing was charged: try another card.');
    $('notice').scrollIntoView({ block: 'center' });
  } catch {
    notice('The payment could not be sent. Nothing was charged: please try again.');
  } finally {
    busy(false);
  }
}

/** The bank's question. Resolves to true when the customer approves. */
function askBank(card) {
  const dialog = $('bank');
  $('bank-card').textContent = card;
  dialog.showModal();
  return new Promise((resolve) => {
    const answer = (value) => {
      dialog.close();
      resolve(value);
    };
    $('bank-approve').onclick = () => answer(true);
    $('bank-refuse').onclick = () => answer(false);
    dialog.oncancel = () => resolve(false);
  });
}

function chosenTest() {
  return document.querySelector('input[name=test]:checked').value;
}

for (const radio of document.querySelectorAll('input[name=test]')) {
  radio.addEventListener('change', () => {
    $('number').value = TEST_CARDS[chosenTest()];
    notice();
  });
}

$('number').addEventListener('input', (event) => {
  const digits = event.target.value.replace(/\D/g, '').slice(0, 16);
  event.target.value = digits.replace(/(\d{4})(?=\d)/g, '$1 ');
  // A test card that is typed in does what it is known for.
  const test = Object.keys(TEST_CARDS).find((name) => TEST_CARDS[name] === event.target.value);
  if (test) document.querySelector(`input[name=test][value=${test}]`).checked = true;
});

$('card-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const digits = $('number').value.replace(/\D/g, '');
  if (digits.length < 12) return notice('Please enter a test card number, such as 4242 4242 4242 4242.');
  const test = chosenTest();
  const approved = await askBank(`•••• ${digits.slice(-4)}`);
  await complete(approved ? test : 'declined', 'card');
});

$('wallet').addEventListener('click', async () => {
  if (await askBank('Wallet')) await complete('paid', 'wallet');
});

refresh().catch(() => {
  $('ended').hidden = false;
  $('ended-mark').textContent = '·';
  $('ended-mark').classList.add('bad');
  $('ended-title').textContent = 'This page could not be loaded';
  $('ended-text').textContent = 'Please try again in a moment.';
});
