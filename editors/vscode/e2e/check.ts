/**
 * The extension in a real VS Code, end to end: what it shows is looked for in the window, and pictures are taken of it.
 *
 * usage: node check.ts TORCHLINT [PICTURES]
 *
 * TORCHLINT is the command to start; PICTURES is the folder for the pictures. The environment's CHROMIUM names the browser.
 */

import { strict as assert } from "node:assert";
import { join, resolve } from "node:path";

import { checks } from "./checks.ts";
import { CodeServer } from "./code-server.ts";
import { Editor, HEIGHT, WIDTH } from "./editor.ts";

const HERE = import.meta.dirname;
const [torchlint, pictures] = process.argv.slice(2).map((each) => resolve(each));
assert(torchlint, "usage: node check.ts TORCHLINT [PICTURES]");

const settings = { "torchlint.path": torchlint };
const server = new CodeServer(join(HERE, "project"), join(HERE, "../torchlint.vsix"));
server.set(settings);
const editor = await Editor.open(await server.start(), process.env.CHROMIUM ?? "chromium");
try {
  for (const [what, check] of Object.entries(checks({ editor, server, settings, picture }))) {
    await check();
    assert.equal(await editor.page.locator(".notification-toast").count(), 0, "a message that nobody expects");
    console.log(`ok: ${what}`);
  }
} catch (error) {
  if (pictures) await editor.page.screenshot({ path: join(pictures, "vscode-failure.png") });
  throw error;
} finally {
  await editor.close();
  await server.stop();
}

/** Takes a picture of the window, or of its upper part. */
async function picture(name: string, height = HEIGHT): Promise<void> {
  if (pictures) await editor.page.screenshot({ path: join(pictures, `vscode-${name}.png`), clip: { x: 0, y: 0, width: WIDTH, height } });
}
