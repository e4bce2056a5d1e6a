/** A VS Code of its own: code-server with the packaged extension, fresh folders, and a copy of a project. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ENTRY = join(dirname(createRequire(import.meta.url).resolve("code-server/package.json")), "out/node/entry.js");
const QUIET = {
  "breadcrumbs.enabled": false,
  "chat.disableAIFeatures": true,
  "editor.fontSize": 14,
  "editor.hover.above": false,
  "editor.minimap.enabled": false,
  "editor.stickyScroll.enabled": false,
  "files.autoSave": "off",
  "problems.decorations.enabled": true,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "window.commandCenter": false,
  "window.menuBarVisibility": "hidden",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.layoutControl.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export class CodeServer {
  readonly project: string;
  private readonly home = mkdtempSync(join(tmpdir(), "torchlint-e2e-"));
  private child?: ChildProcess;

  constructor(project: string, extension: string) {
    this.project = join(this.home, "project");
    cpSync(project, this.project, { recursive: true });
    this.set({});
    execFileSync(process.execPath, [ENTRY, ...this.folders(), "--install-extension", extension]);
  }

  /** Writes the settings; the editor takes them over at once. What names a program counts among the machine's. */
  set(settings: Record<string, unknown>): void {
    for (const [folder, own] of [["User", { ...QUIET, ...settings }], ["Machine", settings]] as const) {
      mkdirSync(join(this.home, "data", folder), { recursive: true });
      writeFileSync(join(this.home, "data", folder, "settings.json"), JSON.stringify(own, undefined, 2));
    }
  }

  /** Starts it, and gives the address at which the project is open. */
  async start(): Promise<string> {
    const port = await freePort();
    const options = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check"];
    const child = (this.child = spawn(process.execPath, [ENTRY, ...this.folders(), ...options], { stdio: ["ignore", "pipe", "ignore"] }));
    await new Promise<void>((resolve, reject) => {
      child.stdout!.on("data", (data: Buffer) => data.includes("HTTP server listening") && resolve());
      child.once("exit", (code) => reject(new Error(`code-server ended with ${code}`)));
    });
    return `http://127.0.0.1:${port}/?folder=${encodeURIComponent(this.project)}`;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child?.once("exit", resolve));
    if (this.child?.kill()) await ended;
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
  }

  private folders(): string[] {
    return ["--config", join(this.home, "config.yaml"), "--user-data-dir", join(this.home, "data"), "--extensions-dir", join(this.home, "extensions")];
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
