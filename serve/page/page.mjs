// @ts-check
/**
 * The page's behaviour. A picture is sent as it is, without its name; what comes back is drawn over it, and the
 * slider only hides what was found. Nothing is asked of another place than this server.
 */

/** @typedef {import('../api.ts').ModelState} ModelState */
/** @typedef {import('../api.ts').Prediction} Prediction */
/** @typedef {import('../api.ts').Instance} Instance */

const POLL_MS = 3000;

/**
 * @template {Element} T
 * @param {string} id
 * @param {{ new (): T }} type
 * @returns {T}
 */
function element(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`The page has no ${type.name} "${id}".`);
}

const sections = {
  intro: element('intro', HTMLElement),
  noModel: element('no-model', HTMLElement),
  choose: element('choose', HTMLElement),
  work: element('work', HTMLElement),
  working: element('working', HTMLElement),
  failed: element('failed', HTMLElement),
  found: element('found', HTMLElement),
};
const file = element('file', HTMLInputElement);
const picture = element('picture', HTMLImageElement);
const overlay = element('overlay', SVGSVGElement);
const badges = element('badges', HTMLElement);
const slider = element('confidence', HTMLInputElement);
const outline = element('outline', HTMLInputElement);

/** @type {ModelState | undefined} */
let model;
/** @type {File | undefined} The picture on the stage. */
let shown;
/** @type {Prediction | undefined} */
let prediction;
/** @type {AbortController | undefined} Of the request under way. */
let asking;
/** @type {string[]} Addresses of masks that can be downloaded. */
let downloads = [];

/** @param {number} share */
const percent = (share) => `${String(Math.round(100 * share))} %`;
/** @param {number} value in per cent */
const area = (value) => `${value.toFixed(1)} %`;

/** @param {string} id @param {string} text */
const write = (id, text) => {
  element(id, HTMLElement).textContent = text;
};

/** Heard by screen readers. @param {string} text */
const announce = (text) => write('news', text);

/* ---- The model ---- */

async function askForModel() {
  try {
    const response = await fetch('/api/v1/model');
    model = await response.json();
  } catch {
    model = undefined;
  }
  showModel();
}

async function followModel() {
  await askForModel();
  setTimeout(followModel, POLL_MS);
}

function showModel() {
  const current = model?.current ?? null;
  element('model', HTMLElement).dataset['state'] = model?.state ?? 'lost';
  write('model-text', modelText());
  if (shown !== undefined) return;
  const isReady = model !== undefined && current !== null;
  file.disabled = !isReady;
  sections.choose.hidden = !isReady;
  sections.noModel.hidden = isReady;
  if (model === undefined) {
    write('no-model-title', 'The server does not answer');
    write(
      'no-model-detail',
      'It may have been stopped. This page goes on by itself when it is back.',
    );
  } else if (current === null) {
    const isLoading = model.state === 'loading';
    write('no-model-title', isLoading ? 'The model is being loaded' : 'No model yet');
    write('no-model-detail', isLoading ? 'This takes some seconds.' : (model.detail ?? ''));
  } else {
    const { bytes, pixels } = model.limits;
    write('limits', `JPEG or PNG, up to ${millions(bytes)} MB and ${millions(pixels)} megapixels.`);
  }
  element('no-model-help', HTMLElement).hidden = model === undefined || model.state !== 'none';
}

/** @param {number} value */
const millions = (value) => String(Math.round(value / 1e5) / 10);

function modelText() {
  if (model === undefined) return 'no connection';
  const { asked, current, state } = model;
  if (current === null) return `${asked}: ${state === 'loading' ? 'loading …' : 'not there yet'}`;
  const name = `${current.model}, version ${String(current.version)}`;
  return state === 'ready'
    ? `${name} · Jaccard ${current.scores.jaccard.toFixed(2)}`
    : `${name}: starting again …`;
}

/* ---- A picture ---- */

/** @param {File | null | undefined} chosen */
async function open(chosen) {
  if (!chosen || model?.current == null) return;
  asking?.abort();
  asking = new AbortController();
  shown = chosen;
  prediction = undefined;
  if (picture.src !== '') URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(chosen);
  picture.alt = 'Your picture';
  // Still the page's heading for who hears it.
  sections.intro.classList.add('visually-hidden');
  sections.choose.hidden = true;
  drawInstances([]);
  show('working');
  announce('Outlining the picture.');
  const ready = picture.decode().then(frame, frame);
  await send(chosen, asking.signal);
  await ready;
}

/** Gives the frame the shape of the picture; what the browser cannot show has none. */
function frame() {
  const { naturalWidth, naturalHeight } = picture;
  const isShown = naturalWidth > 0;
  element('stage', HTMLElement).hidden = !isShown;
  const ratio = isShown ? naturalWidth / naturalHeight : 1;
  element('frame', HTMLElement).style.setProperty('--ratio', String(ratio));
}

/** @param {File} chosen @param {AbortSignal} signal */
async function send(chosen, signal) {
  const limit = model?.limits.bytes ?? Infinity;
  if (chosen.size > limit) {
    // A server that stops reading in mid-upload looks like one that is not there.
    return fail(`The picture has more than ${millions(limit)} MB. Save it smaller, or as JPEG.`);
  }
  try {
    const type = 'application/octet-stream';
    const response = await fetch('/api/v1/predictions?mask=png&minConfidence=0.05', {
      method: 'POST',
      body: chosen,
      headers: { 'content-type': type },
      signal,
    });
    const answer = await response.json();
    if (!response.ok) return fail(answer.detail, response.status === 503);
    prediction = answer;
    if (prediction?.version !== model?.current?.version) await askForModel();
    if (signal.aborted) return;
    showFound();
  } catch {
    if (!signal.aborted) fail('The server cannot be reached. Is it still running?', true);
  }
}

/** @param {string} detail @param {boolean} [mayHelp] whether trying again may help */
function fail(detail, mayHelp = false) {
  write('failed-detail', detail);
  element('again', HTMLElement).hidden = !mayHelp;
  show('failed');
  announce(`That did not work. ${detail}`);
}

/** @param {'working' | 'failed' | 'found'} view */
function show(view) {
  sections.noModel.hidden = true;
  sections.work.hidden = false;
  sections.work.dataset['view'] = view;
  sections.working.hidden = view !== 'working';
  sections.failed.hidden = view !== 'failed';
  sections.found.hidden = view !== 'found';
}

/* ---- What was found ---- */

function showFound() {
  if (prediction === undefined) return;
  const { instances } = prediction;
  const least = Number(slider.value) / 100;
  const visible = instances.filter(({ score }) => score >= least);
  const hidden = instances.length - visible.length;
  const title = visible.length === 0 ? 'Nothing found' : count(visible.length, 'lesion');
  write('found-title', title);
  const hint = foundHint(visible.length, hidden);
  write('found-hint', hint);
  element('found-hint', HTMLElement).hidden = hint === '';
  write('confidence-text', percent(least));
  picture.alt = `Your picture; ${title.toLowerCase()}`;
  element('controls', HTMLElement).hidden = instances.length === 0;
  drawInstances(visible);
  listInstances(visible);
  listFacts(prediction);
  show('found');
  announce(`${title}. ${hint}`);
}

/** @param {number} number @param {string} noun */
const count = (number, noun) =>
  `${number === 1 ? 'One' : String(number)} ${noun}${number === 1 ? '' : 's'} found`;

/** @param {number} visible @param {number} hidden */
function foundHint(visible, hidden) {
  if (hidden > 0) {
    const what =
      hidden === 1 ? 'One less certain outline is' : `${String(hidden)} less certain outlines are`;
    return `${what} hidden. Move the slider down to see ${hidden === 1 ? 'it' : 'them'}.`;
  }
  return visible === 0 ? 'The model sees no lesion on this picture, however uncertain.' : '';
}

/** @param {readonly Instance[]} instances */
function drawInstances(instances) {
  const { width, height } = prediction?.image ?? { width: 1, height: 1 };
  overlay.setAttribute('viewBox', `0 0 ${String(width)} ${String(height)}`);
  overlay.replaceChildren(
    ...instances.flatMap(({ contour }) => [path(contour, 'halo'), path(contour, 'line')]),
  );
  const many = instances.length > 1;
  badges.replaceChildren(
    ...(many ? instances : []).map(({ box }, index) => {
      const badge = make('span', String(index + 1), 'badge');
      badge.style.left = `${String((100 * (box.x + box.width / 2)) / width)}%`;
      badge.style.top = `${String((100 * box.y) / height)}%`;
      return badge;
    }),
  );
}

/** @param {Instance['contour']} contour @param {string} name */
function path(contour, name) {
  const drawn = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  drawn.setAttribute(
    'd',
    contour.map((ring) => `M${ring.map((point) => point.join()).join('L')}Z`).join(''),
  );
  drawn.setAttribute('class', name);
  return drawn;
}

/** @param {readonly Instance[]} instances */
function listInstances(instances) {
  downloads.forEach((address) => URL.revokeObjectURL(address));
  downloads = [];
  const items = instances.map((instance, index) => {
    const item = make('li', '', 'instance');
    const many = instances.length > 1;
    if (many) item.append(make('h3', `Lesion ${String(index + 1)}`));
    const numbers = make('dl', '', 'numbers');
    numbers.append(
      number('Confidence', percent(instance.score), 'of the model'),
      number('Area', area(instance.areaPercent), 'of the picture'),
    );
    item.append(numbers, maskLink(instance, many ? `-${String(index + 1)}` : ''));
    return item;
  });
  element('instances', HTMLElement).replaceChildren(...items);
}

/** @param {string} name @param {string} value @param {string} note */
function number(name, value, note) {
  const group = make('div', '');
  const shownValue = make('dd', value);
  shownValue.append(make('small', note));
  group.append(make('dt', name), shownValue);
  return group;
}

/** The server's own file: one channel at the picture's size. @param {Instance} instance @param {string} suffix */
function maskLink({ mask }, suffix) {
  const link = document.createElement('a');
  link.className = 'button primary';
  link.textContent = 'Download mask';
  if (mask?.format === 'png') {
    const bytes = Uint8Array.from(atob(mask.data), (char) => char.charCodeAt(0));
    link.href = URL.createObjectURL(new Blob([bytes], { type: 'image/png' }));
    downloads.push(link.href);
  }
  link.download = `${(shown?.name ?? 'picture').replace(/\.[^.]*$/, '')}-mask${suffix}.png`;
  return link;
}

/** @param {Prediction} answer */
function listFacts({ image, model: name, version }) {
  const current = model?.current?.version === version ? model.current : undefined;
  const facts = [
    ['Picture', `${String(image.width)} × ${String(image.height)} pixels`],
    ['Model', `${name}, version ${String(version)}`],
    ...(current ? [['Jaccard, validation', current.scores.jaccard.toFixed(3)]] : []),
    ...(current ? [['Threshold Jaccard', current.scores.thresholdJaccard.toFixed(3)]] : []),
  ];
  const rows = facts.flatMap(([term = '', value = '']) => [make('dt', term), make('dd', value)]);
  element('facts', HTMLElement).replaceChildren(...rows);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} text
 * @param {string} [className]
 */
function make(tag, text, className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/* ---- Hands ---- */

file.addEventListener('change', () => {
  void open(file.files?.[0]);
  // The same file may be chosen again.
  file.value = '';
});
slider.addEventListener('input', showFound);
outline.addEventListener('change', () => {
  overlay.style.visibility = badges.style.visibility = outline.checked ? 'visible' : 'hidden';
});
element('again', HTMLElement).addEventListener('click', () => void open(shown));
document.addEventListener('paste', (event) => void open(event.clipboardData?.files[0]));
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dragging');
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) document.body.classList.remove('dragging');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dragging');
  void open(event.dataTransfer?.files[0]);
});
void followModel();
