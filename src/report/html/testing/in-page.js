// What tests ask of a page: these functions run in the browser, each by itself.

/** Id of the line that has the focus. */
export const focusedLine = () => document.activeElement?.closest('.row')?.id;

/** Whether the element with the focus shows it. */
export const focusRing = () => getComputedStyle(document.activeElement).outlineStyle;

/** What the page's policy keeps from it when it tries. */
export function violations() {
  const told = new Promise((resolve) => {
    const all = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      if (all.push(event.effectiveDirective) === 3) resolve(all.sort());
    });
  });
  const script = document.createElement('script');
  script.textContent = 'globalThis.owned = true';
  const style = document.createElement('style');
  style.textContent = 'body { display: none }';
  const image = document.createElement('img');
  image.src = 'https://example.invalid/x.png';
  document.body.append(script, style, image);
  return told;
}

/** What a text could have brought into the page as markup. */
export function foreign() {
  return {
    elements: document.querySelectorAll('img, iframe, object, link, body script:not([type=module])').length,
    scripts: document.scripts.length,
    styles: document.querySelectorAll('style').length,
    hasFooter: document.querySelector('body > footer') !== null,
    hasHandlers: [...document.querySelectorAll('*')].some((one) =>
      one.getAttributeNames().some((name) => /^on/.test(name)),
    ),
  };
}

/** Texts whose contrast is below that of WCAG AA (4.5), how many texts there are, and how light the page is. */
export function contrasts() {
  const channels = (color) => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = color.match(/[\d.]+/g)?.map(Number) ?? [];
    const scale = color.startsWith('color(') ? 255 : 1;
    return { rgb: [red * scale, green * scale, blue * scale], alpha };
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (from) => {
    for (let at = from; at; at = at.parentElement) {
      const { rgb, alpha } = channels(getComputedStyle(at).backgroundColor);
      if (alpha === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const weak = new Set();
  let texts = 0;
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || element.getClientRects().length === 0) continue;
    texts++;
    const [one, other] = [luminance(channels(getComputedStyle(element).color).rgb), luminance(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) weak.add(`${element.className || element.tagName} ${contrast.toFixed(2)}`);
  }
  return { weak: [...weak], texts, ground: luminance(ground(document.body)) };
}

/** Parts of the page that are not shown. */
export function unseen() {
  const parts = '.entry, .item, .row, .row .line, .facts, pre, .overview li, .cause, .totals, table';
  return [...document.querySelectorAll(parts)]
    .filter(
      (part) => !part.checkVisibility({ contentVisibilityAuto: true }) || part.getBoundingClientRect().height === 0,
    )
    .map((part) => `${part.className || part.tagName} in ${part.closest('.entry')?.id}`);
}

/** What is wider than its place in an entry with all in it opened: it would be scrolled sideways, or cut. */
export function tooWide(entry) {
  location.hash = entry;
  for (const part of document.querySelectorAll('details')) part.open = true;
  for (const row of document.querySelectorAll('.row')) row.style.contentVisibility = 'visible';
  return [document.documentElement, ...document.querySelectorAll('.overview, .entry, figure, pre, .tree, .row, .side')]
    .filter((part) => part.scrollWidth > part.clientWidth && part.clientWidth > 0)
    .map((part) => `${part.className || part.tagName}: ${part.scrollWidth} > ${part.clientWidth}`);
}

/** Takes the clipboard away, and keeps what is copied in the other way. */
export function closeClipboard() {
  Object.defineProperty(navigator, 'clipboard', { value: undefined });
  document.addEventListener('copy', () => document.body.setAttribute('data-copied', String(getSelection())));
}

export const readClipboard = () => navigator.clipboard.readText();

export const colors = () => {
  const { backgroundColor, colorScheme } = getComputedStyle(document.documentElement);
  return { backgroundColor, colorScheme };
};
