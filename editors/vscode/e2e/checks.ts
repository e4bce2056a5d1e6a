/** What is looked for, in order: each check leaves the window as the next one needs it. */

import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { CodeServer } from "./code-server.ts";
import type { Editor } from "./editor.ts";

/** The window, what runs it, the settings that it starts with, and how its upper part is pictured. */
export interface Scene {
  editor: Editor;
  server: CodeServer;
  settings: Record<string, unknown>;
  picture(name: string, height?: number): Promise<void>;
}

type Checks = Record<string, () => Promise<void>>;

const PROBLEM = "softmax is applied before cross entropy";
const SHAPE = "▸ (N, 32, H, W)";

export function checks(scene: Scene): Checks {
  return { ...shown(scene), ...followed(scene), ...elsewhere(scene) };
}

/** What is shown of a problem, and what can be done about it. */
function shown({ editor, picture }: Scene): Checks {
  const { page } = editor;
  const softmax = editor.squiggle();
  return {
    "the problem is underlined": async () => {
      await editor.openFile("train.py");
      await editor.openFile("model.py");
      await editor.see(softmax, "the squiggle");
    },
    "shapes stand behind the assignments in forward": async () => {
      for (const text of [SHAPE, "▸ (N, 64, 4, 4)", "▸ (N, 1024)", "▸ (N, 10)"]) await editor.see(editor.line(text), text);
    },
    "the hover says what is wrong, where the loss is, and what the page says": async () => {
      await editor.goTo(20, 16);
      const hover = await editor.hover(editor.line("return F.softmax"), "softmax");
      for (const text of [PROBLEM, "TL401", "train.py(13, 12)", "softmax-before-cross-entropy"]) await editor.see(hover.getByText(text).first(), text);
      await picture("hover");
    },
    "a variable's hover says its facts": async () => {
      const hover = await editor.hover(editor.line("x = self.head(x)"), "x");
      for (const text of ["(N, 10)", "float32"]) await editor.see(hover.getByText(text).first(), text);
    },
    "the quick fixes are offered, and the safe one mends": async () => {
      await editor.goTo(20, 16);
      const menu = await editor.quickFixes();
      for (const text of ["Remove the activation (TL401)", "Ignore softmax-before-cross-entropy on this line", "Show the page of softmax-before-cross-entropy"])
        await editor.see(menu.getByText(text), text);
      await picture("quick-fix", 430);
      await menu.getByText("Remove the activation").click();
      await editor.see(editor.line("return x"), "the mended line");
      await editor.miss(softmax, "the squiggle");
      await page.keyboard.press("Control+KeyZ");
      await editor.see(softmax, "the squiggle");
    },
    "the list of problems leads to the other file": async () => {
      await editor.command("Problems: Focus on Problems View");
      const problems = page.locator(".markers-panel");
      await editor.see(problems.getByText(PROBLEM), "the problem in the list");
      await picture("problems");
      await page.keyboard.press("Control+KeyJ");
    },
  };
}

/** What changes while files are open counts at once, or when it is wanted. */
function followed({ editor, server, settings }: Scene): Checks {
  const { page } = editor;
  const softmax = editor.squiggle();
  const shape = editor.line(SHAPE);
  const pyproject = join(server.project, "pyproject.toml");
  return {
    "an edit that is not saved counts in the other file": async () => {
      await editor.openFile("train.py");
      await page.keyboard.press("Control+KeyA");
      await page.keyboard.press("Delete");
      await editor.openFile("model.py");
      await editor.miss(softmax, "the squiggle");
      await editor.openFile("train.py");
      await page.keyboard.press("Control+KeyZ");
      await editor.openFile("model.py");
      await editor.see(softmax, "the squiggle");
    },
    "a configuration file changed on the disk counts at once": async () => {
      writeFileSync(pyproject, '[tool.torchlint]\nignore = ["TL401"]\n');
      await editor.miss(softmax, "the squiggle");
      writeFileSync(pyproject, "[tool.torchlint]\n");
      await editor.see(softmax, "the squiggle");
    },
    "shapes are switched off and on by a setting": async () => {
      server.set({ ...settings, "torchlint.inlayHints": false });
      await editor.miss(shape, "the shapes");
      server.set(settings);
      await editor.see(shape, "the shapes");
    },
    "problems wait for the file to be saved where that is set": async () => {
      server.set({ ...settings, "torchlint.run": "onSave" });
      await editor.miss(softmax, "the squiggle of the server that is stopped");
      await editor.see(softmax, "the squiggle");
      await editor.goTo(20, 16);
      await page.keyboard.insertText("x#");
      await page.waitForTimeout(2_000);
      await editor.see(softmax, "the squiggle");
      await page.keyboard.press("Control+KeyS");
      await editor.miss(softmax, "the squiggle");
      await page.keyboard.press("Control+KeyZ");
      await page.keyboard.press("Control+KeyS");
      server.set(settings);
      await editor.see(softmax, "the squiggle");
    },
  };
}

/** Notebooks, what happens on saving, and what is said where nothing can be done. */
function elsewhere({ editor, server, settings, picture }: Scene): Checks {
  const { page } = editor;
  const softmax = editor.squiggle();
  const shape = editor.line(SHAPE);
  return {
    "the cells of a notebook are one program": async () => {
      await editor.openFile("notebook.ipynb");
      await editor.see(softmax, "the squiggle in the cell");
      await editor.see(shape, "the shape in the cell");
      await editor.leave();
      await picture("notebook", 520);
      await editor.command("View: Close Editor");
      await editor.openFile("model.py");
    },
    "all is fixed when the file is saved, where that is set": async () => {
      server.set({ ...settings, "editor.codeActionsOnSave": { "source.fixAll.torchlint": "explicit" } });
      await editor.goTo(1);
      await page.keyboard.type("# saved\n");
      await page.keyboard.press("Control+KeyS");
      await editor.see(editor.line("return x"), "the mended line");
      await editor.miss(softmax, "the squiggle");
      await editor.miss(page.locator(".tab.dirty"), "a file that is not saved");
      assert.match(readFileSync(join(server.project, "model.py"), "utf8"), /return x\n/);
    },
    "where torchlint is not installed, a message says so, and how to get it": async () => {
      server.set({ "torchlint.path": "/nowhere/torchlint" });
      const message = page.locator(".notification-toast", { hasText: "torchlint is not installed" });
      await editor.see(message, "the message");
      await editor.see(message.getByText('pip install "torchlint[lsp]"'), "how to install it");
      await message.getByText("Show the log").click();
      await editor.see(page.locator(".output-view").getByText("/nowhere/torchlint").first(), "the log");
      server.set(settings);
      await editor.see(shape, "the shapes");
    },
  };
}
