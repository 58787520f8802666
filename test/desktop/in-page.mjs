/**
 * @file What tests run inside a page: attacks, and questions to the bridge. Playwright takes each
 * function's text across, so none may use anything from outside itself.
 */
/* global document, location, window, floe, fetch, navigator, Notification */

/**
 * Try every way to run a script. Gives what ran, and what the page was told instead.
 *
 * @returns {Promise<{ readonly ran: string[]; readonly refused: string[] }>}
 */
export async function runScripts() {
  window.ran = [];
  const refused = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    refused.push(event.effectiveDirective);
  });
  const happens = (element, event) =>
    new Promise((resolve) => element.addEventListener(event, resolve));
  const inline = document.createElement('script');
  inline.textContent = 'window.ran.push("inline")';
  document.body.append(inline);
  const data = document.createElement('script');
  data.src = 'data:text/javascript,window.ran.push("data")';
  const dataFailed = happens(data, 'error');
  document.body.append(data);
  await dataFailed;
  const box = document.createElement('div');
  box.innerHTML = '<img src="x" onerror="window.ran.push(\'handler\')">';
  const imageFailed = happens(box.firstElementChild, 'error');
  document.body.append(box);
  await imageFailed;
  try {
    (0, eval)('window.ran.push("eval")');
  } catch (error) {
    refused.push(error.name);
  }
  for (const element of [inline, data, box]) element.remove();
  // Violations are told in a task of their own.
  await new Promise((resolve) => setTimeout(resolve));
  return { ran: window.ran, refused };
}

/**
 * Try every way to load something. Gives the ways that failed.
 *
 * @param {string} url
 * @returns {Promise<string[]>}
 */
export async function loadFrom(url) {
  const failed = [];
  await fetch(url).catch(() => failed.push('fetch'));
  await fetch(url, { mode: 'no-cors' }).catch(() => failed.push('no-cors'));
  await fetch('file:///etc/passwd').catch(() => failed.push('file'));
  for (const tag of ['img', 'link', 'script']) {
    const element = document.createElement(tag);
    const ended = new Promise((resolve) => {
      element.addEventListener('error', () => resolve(failed.push(tag)));
      element.addEventListener('load', resolve);
    });
    if (tag === 'link') Object.assign(element, { rel: 'stylesheet', href: url });
    else element.src = url;
    document.body.append(element);
    await ended;
    element.remove();
  }
  const frame = document.createElement('iframe');
  frame.src = url;
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener('load', resolve));
  if (frame.contentDocument === null) failed.push('iframe');
  frame.remove();
  return failed;
}

/** Leave by a link and by an assignment. */
export function leaveFor(url) {
  const link = document.createElement('a');
  link.href = url;
  document.body.append(link);
  link.click();
  link.remove();
  location.href = url;
}

export function openWindow(url) {
  return window.open(url);
}

export function download() {
  const link = document.createElement('a');
  link.href = 'data:text/plain,hello';
  link.download = 'hello.txt';
  document.body.append(link);
  link.click();
  link.remove();
}

/** @returns {Promise<string[]>} */
export async function askPermissions() {
  const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'];
  const states = names.map(async (name) => {
    const { state } = await navigator.permissions.query({ name });
    return `${name} ${state}`;
  });
  return [
    ...(await Promise.all(states)),
    `request ${await Notification.requestPermission()}`,
    await navigator.mediaDevices.getUserMedia({ audio: true }).then(
      () => 'audio granted',
      () => 'audio denied',
    ),
  ];
}

export async function statusOf(url) {
  return fetch(url).then(
    ({ status }) => status,
    () => 'refused',
  );
}

/** What of the shell can be seen. */
export function visibleShell() {
  const names = ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'];
  return {
    bridge: Object.keys(floe).sort(),
    leaks: names.filter((name) => name in window),
  };
}

/** @param {readonly [string, unknown]} given */
export async function callShell([method, request]) {
  return floe.callShell(method, request);
}

export async function callShellOften(count) {
  return Promise.all(Array.from({ length: count }, () => floe.callShell('none', {})));
}

/** Send a text once the link is up; gives the states from there until it is up again. */
export async function sendAndRecover(text) {
  await new Promise((resolve) => floe.onState((state) => state === 'up' && resolve()));
  const states = [];
  await new Promise((resolve) => {
    floe.onState((state) => {
      states.push(state);
      if (states.includes('down') && state === 'up') resolve();
    });
    floe.send(text);
  });
  return states;
}

/** Send calls without end; resolves when the port was closed for it. */
export async function flood(count) {
  await new Promise((resolve) => floe.onState((state) => state === 'up' && resolve()));
  await new Promise((resolve) => {
    floe.onState((state) => state === 'down' && resolve());
    for (let id = 1; id <= count; id += 1) {
      floe.send(`{"type":"call","id":${id},"method":"flood","request":{}}`);
    }
  });
}

/** The states of the link from `up` on, until it is up again. */
export async function statesUntilUpAgain() {
  const states = [];
  await new Promise((resolve) => {
    floe.onState((state) => {
      if (state === 'up' || states.length > 0) states.push(state);
      if (states.includes('down') && state === 'up') resolve();
    });
  });
  return states;
}

export function linkState() {
  return new Promise((resolve) => floe.onState(resolve));
}

/** In a window that nobody trusts: what its calls come to. */
export async function callAsStranger() {
  const answer = await floe.callShell('copySecret', { text: 'stranger' }).then(
    () => 'answered',
    (error) => String(error),
  );
  return { answer, state: await new Promise((resolve) => floe.onState(resolve)) };
}
