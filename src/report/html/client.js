// What the page can do beyond being read. Everything that it shows stands in the document already.

const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
root.classList.add('js');

// Theme: the system's, until someone chooses.
const themes = ['system', 'light', 'dark'];
function nextTheme(button) {
  const next = themes[(themes.indexOf(root.dataset.theme ?? 'system') + 1) % themes.length];
  root.dataset.theme = next;
  button.textContent = `Theme: ${next}`;
}

// Entries: one at a time, the one that the address names.
const entries = all('.entry');
const links = new Map(all('.overview [data-entry]').map((line) => [line.dataset.entry, line]));

function select(entry) {
  for (const one of entries) one.classList.toggle('off', one !== entry);
  for (const [id, line] of links) {
    if (id === entry?.id) line.firstElementChild.setAttribute('aria-current', 'true');
    else line.firstElementChild.removeAttribute('aria-current');
  }
}

function follow() {
  const target = document.getElementById(location.hash.slice(1));
  const entry = target?.closest('.entry');
  if (form && location.hash === '') select(entries[0]);
  if (!entry) return;
  select(entry);
  const item = target.closest('details.item');
  item?.classList.remove('off');
  item?.setAttribute('open', '');
  const row = target.closest('.row');
  if (row) reveal(row);
  else links.get(entry.id)?.closest('details')?.setAttribute('open', '');
  (row?.firstElementChild ?? entry).focus({ preventScroll: true });
  target.scrollIntoView({ block: row ? 'center' : 'start' });
}

// Filters.
const form = document.querySelector('.filters');
const searched = new Map();

/** What of an entry all its plans are found by: its title, and the tables and indexes that they read. */
function words(entry) {
  let text = searched.get(entry);
  if (text === undefined) {
    const parts = all(':scope > .about, :scope > h2, .accesses code:not(.condition)', entry);
    text = [...new Set(parts.map((part) => part.textContent))].join(' ').toLowerCase();
    searched.set(entry, text);
  }
  return text;
}

const nameOf = (item) => item.querySelector('.what')?.textContent.toLowerCase() ?? '';

function filter() {
  const { text, kind, statistics, mode } = Object.fromEntries(new FormData(form));
  const wanted = (text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  let first;
  for (const entry of entries) {
    let any = false;
    for (const item of all('.item', entry)) {
      const fits =
        (!kind || entry.dataset.kind === kind) &&
        (!statistics || item.dataset.statistics === statistics) &&
        (!mode || item.dataset.mode === mode) &&
        wanted.every((word) => words(entry).includes(word) || nameOf(item).includes(word));
      item.classList.toggle('off', !fits);
      any ||= fits;
      if (fits) shown++;
    }
    links.get(entry.id)?.classList.toggle('off', !any);
    if (any) first ??= entry;
  }
  const filtered = wanted.length > 0 || kind || statistics || mode;
  form.querySelector('output').textContent = filtered ? `${shown} of ${all('.entry .item').length} plans` : '';
  document.querySelector('.overview > p').hidden = first !== undefined;
  for (const rest of all('.rest')) {
    const lines = all('li:not(.off)', rest);
    rest.classList.toggle('off', lines.length === 0);
    if (filtered && lines.length > 0 && first === entries.find((one) => one.id === lines[0].dataset.entry))
      rest.open = true;
  }
  const current = entries.find((one) => !one.classList.contains('off'));
  if (current === undefined || links.get(current.id)?.classList.contains('off')) select(first);
}

// Trees. A line's subtree is the lines after it that are deeper.
const rowsOf = (tree) => all('.row', tree);
const depth = (row) => Number(row.dataset.depth);
const shut = (row) => row.classList.contains('shut');

function subtree(row) {
  const below = [];
  for (let next = row.nextElementSibling; next && depth(next) > depth(row); next = next.nextElementSibling)
    below.push(next);
  return below;
}

function parentOf(row) {
  let up = row.previousElementSibling;
  while (up && depth(up) >= depth(row)) up = up.previousElementSibling;
  return up;
}

/** Hides what lies below collapsed lines, in one pass. */
function settle(tree) {
  let closed = Number.POSITIVE_INFINITY;
  for (const row of rowsOf(tree)) {
    const hidden = depth(row) > closed;
    row.classList.toggle('in', hidden);
    if (!hidden) closed = shut(row) ? depth(row) : Number.POSITIVE_INFINITY;
  }
}

function setShut(row, closed) {
  const summary = row.firstElementChild;
  if (!summary.hasAttribute('aria-expanded')) return;
  row.classList.toggle('shut', closed);
  summary.setAttribute('aria-expanded', String(!closed));
  if (closed) row.dataset.below = String(subtree(row).length);
}

function toggle(row, closed = !shut(row)) {
  setShut(row, closed);
  settle(row.closest('.tree'));
}

function reveal(row) {
  const tree = row.closest('.tree');
  for (let up = parentOf(row); up; up = parentOf(up)) setShut(up, false);
  settle(tree);
  if (!visible(row)) {
    tree.classList.remove('only-changes');
    for (const box of all('[data-act=only-changes]', tree.parentElement)) box.checked = false;
  }
}

/** The line of each tree that Tab stops at. */
const reachable = new Map();

function enter(row) {
  const tree = row.closest('.tree');
  reachable.get(tree).tabIndex = -1;
  reachable.set(tree, row.firstElementChild);
  row.firstElementChild.tabIndex = 0;
  row.firstElementChild.focus();
}

/** Whether a line is shown in its tree; to ask for its place would lay out the whole page at every key. */
function visible(row) {
  if (row.classList.contains('in')) return false;
  return !row.closest('.only-changes') || !row.matches('.same:not(.above)');
}

function neighbour(row, step) {
  let next = row[step];
  while (next && !visible(next)) next = next[step];
  return next;
}

function walk(event, row) {
  const open = row.firstElementChild.getAttribute('aria-expanded');
  const moves = {
    ArrowDown: () => neighbour(row, 'nextElementSibling'),
    ArrowUp: () => neighbour(row, 'previousElementSibling'),
    Home: () => rowsOf(row.closest('.tree')).find(visible),
    End: () => rowsOf(row.closest('.tree')).findLast(visible),
    ArrowRight: () =>
      open === 'false' ? toggle(row, false) : open === 'true' ? neighbour(row, 'nextElementSibling') : undefined,
    ArrowLeft: () => (open === 'true' ? toggle(row, true) : parentOf(row)),
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const next = move();
  if (next) enter(next);
}

for (const tree of all('.tree')) {
  tree.querySelector('.rows').setAttribute('role', 'tree');
  tree
    .querySelector('.rows')
    .setAttribute('aria-label', tree.classList.contains('two') ? 'Plans side by side' : 'Plan');
  rowsOf(tree).forEach((row, index) => {
    const summary = row.firstElementChild;
    summary.setAttribute('role', 'treeitem');
    summary.setAttribute('aria-level', String(depth(row) + 1));
    if (summary.querySelector('.twist')) summary.setAttribute('aria-expanded', 'true');
    summary.tabIndex = index === 0 ? 0 : -1;
    if (index === 0) reachable.set(tree, summary);
  });
}

/** Marks the other line of a moved node. */
let pointed;
function point(event) {
  pointed?.classList.remove('pointed');
  pointed = undefined;
  const link = event.target.closest?.('.row')?.querySelector('a.mark');
  if (link) pointed = document.getElementById(link.hash.slice(1));
  pointed?.classList.add('pointed');
}

async function copy(button) {
  const text = button.closest('figure').querySelector('pre');
  let done = true;
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    done = document.execCommand('copy');
    if (done) getSelection().removeAllRanges();
  }
  button.textContent = done ? 'Copied' : 'Selected: press Ctrl+C';
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 2000);
}

const acts = {
  theme: nextTheme,
  copy,
  'only-changes': (box) => box.closest('.plans').querySelector('.tree').classList.toggle('only-changes', box.checked),
  expand: (button) => setAll(button, false),
  collapse: (button) => setAll(button, true),
};

function setAll(button, closed) {
  const tree = button.closest('.plans').querySelector('.tree');
  for (const row of rowsOf(tree)) setShut(row, closed && depth(row) > 0);
  settle(tree);
}

addEventListener('click', (event) => {
  const twist = event.target.closest('.twist');
  if (twist) {
    event.preventDefault();
    const row = twist.closest('.row');
    toggle(row);
    enter(row);
    return;
  }
  const link = event.target.closest('a[href^="#"]');
  if (link && link.hash === location.hash) follow();
  const control = event.target.closest('[data-act]');
  if (control) acts[control.dataset.act](control);
  const row = event.target.closest('.row > summary')?.parentElement;
  if (row && !link) enter(row);
});

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest('input, select, textarea');
  if (event.key === '/' && !typing && form) {
    event.preventDefault();
    form.elements.text.focus();
  } else if (event.key === 'Escape' && event.target === form?.elements.text) {
    form.reset();
    filter();
  } else if (event.target.matches('.row > summary')) walk(event, event.target.parentElement);
});

addEventListener('hashchange', follow);
addEventListener('mouseover', point);
addEventListener('focusin', point);
form?.addEventListener('input', filter);
form?.addEventListener('submit', (event) => event.preventDefault());
if (form) select(entries[0]);
follow();
