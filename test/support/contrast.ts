/** WCAG's contrast of every text that a page shows. */
import type { Page } from 'playwright-core';

/** Texts below AA (4.5, or 3 where they are large) against the nearest opaque ground, with their contrast. */
export function faintTexts(
  page: Page,
): Promise<{ readonly faint: string[]; readonly seen: number }> {
  return page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [r = 0, g = 0, b = 0] = channels(colour).map((value) =>
        value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const groundOf = (element: Element): string => {
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if ((channels(colour)[3] ?? 1) === 1) return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint: string[] = [];
    let seen = 0;
    while (texts.nextNode()) {
      const { textContent, parentElement: element } = texts.currentNode;
      const text = (textContent ?? '').trim();
      if (element === null || text === '' || element.getClientRects().length === 0) continue;
      const style = getComputedStyle(element);
      const [a, b] = [luminance(style.color), luminance(groundOf(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${text}: ${contrast.toFixed(2)}`);
      seen++;
    }
    return { faint, seen };
  });
}
