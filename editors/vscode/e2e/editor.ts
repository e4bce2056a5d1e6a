/** What a person does in the editor's window, and what is to be seen there. */

import { strict as assert } from "node:assert";

import { type Browser, chromium, type Locator, type Page } from "playwright-core";

export const WIDTH = 1040;
export const HEIGHT = 600;
const PATIENCE = 30_000;
/** What keeps Chromium from asking the network for things that nobody needs here. */
const ALONE = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export class Editor {
  readonly page: Page;
  private readonly browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.browser = browser;
    this.page = page;
  }

  static async open(address: string, executablePath: string): Promise<Editor> {
    const browser = await chromium.launch({ executablePath, args: ALONE });
    const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
    page.setDefaultTimeout(PATIENCE);
    await page.goto(address);
    await page.locator(".monaco-workbench").waitFor();
    return new Editor(browser, page);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press("Control+KeyP");
    await this.page.locator(".quick-input-widget input").fill(name);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
    await this.page.locator(`.tab[data-resource-name="${name}"]`).first().waitFor();
    await this.page.locator(".view-line").first().waitFor();
  }

  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").fill(`>${title}`);
    await this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click();
  }

  async goTo(line: number, column = 1): Promise<void> {
    await this.page.keyboard.press("Control+KeyG");
    await this.page.locator(".quick-input-widget input").fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await this.miss(this.page.locator(".quick-input-widget:visible"), "the box for the line");
  }

  squiggle(): Locator {
    return this.page.locator(".squiggly-error, .squiggly-warning").first();
  }

  line(text: string): Locator {
    return this.page.locator(".view-line", { hasText: text }).first();
  }

  async see(thing: Locator, what: string): Promise<void> {
    await thing.waitFor({ timeout: PATIENCE }).catch((error: Error) => assert.fail(`not to be seen: ${what} (${error.message})`));
  }

  async miss(thing: Locator, what: string): Promise<void> {
    await thing.waitFor({ state: "detached", timeout: PATIENCE }).catch((error: Error) => assert.fail(`still to be seen: ${what} (${error.message})`));
  }

  /** Points at a line's word until its hover is shown, and gives the hover. */
  async hover(line: Locator, word: string): Promise<Locator> {
    const shown = this.page.locator(".monaco-hover:visible").filter({ hasText: /\S/ }).first();
    await this.leave();
    await this.miss(this.page.locator(".monaco-hover:visible"), "the hover of before");
    const place = await line.evaluate(middle, word);
    assert(place, `no ${word} in the line`);
    await this.page.mouse.move(...place);
    await this.see(shown, "the hover");
    return shown;
  }

  /** Moves the pointer to where it points at nothing. */
  leave(): Promise<void> {
    return this.page.mouse.move(5, HEIGHT - 10);
  }

  /** Opens the menu of what can be done at the cursor. */
  async quickFixes(): Promise<Locator> {
    await this.leave();
    await this.page.keyboard.press("Control+Period");
    const menu = this.page.locator(".action-widget").first();
    await this.see(menu, "the menu of quick fixes");
    return menu;
  }
}

/** The middle of a word's first letter on the screen. Runs in the window. */
function middle(line: Element, word: string): [number, number] | undefined {
  const nodes = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const at = node.textContent!.indexOf(word);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  }
  return undefined;
}
