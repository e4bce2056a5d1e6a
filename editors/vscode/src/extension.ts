import { commands, ExtensionContext, LogOutputChannel, window, workspace } from "vscode";
import { LanguageClient, LanguageClientOptions } from "vscode-languageclient/node";

import { onInterpreterChanged } from "./python";
import { find, NotInstalled, start, Torchlint } from "./server";
import { Status } from "./status";

/** The settings that a running server cannot take over. */
const ANEW = ["torchlint.enable", "torchlint.path", "torchlint.run"];
/** Settings are told to the server as they change; it must not be stopped in the middle of that. */
const TOLD_MILLISECONDS = 300;

/** The one server of the window, for all its folders. */
class Session {
  private client?: LanguageClient;
  private turn: Promise<void> = Promise.resolve();
  private soon?: NodeJS.Timeout;

  constructor(
    private readonly log: LogOutputChannel,
    private readonly status: Status,
  ) {}

  /** Starts the server, or starts it anew; one restart waits for the other. */
  restart(): Promise<void> {
    this.turn = this.turn.then(() => this.stopNow()).then(() => this.startNow());
    return this.turn;
  }

  /** Starts the server anew when the settings have come to rest. */
  restartSoon(): void {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => void this.restart(), TOLD_MILLISECONDS);
  }

  stop(): Promise<void> {
    clearTimeout(this.soon);
    this.turn = this.turn.then(() => this.stopNow());
    return this.turn;
  }

  private async startNow(): Promise<void> {
    if (!workspace.getConfiguration("torchlint").get("enable", true)) {
      this.status.off();
      return;
    }
    this.status.starting();
    let said = "";
    try {
      const torchlint = await find(this.log);
      this.log.info(`torchlint ${torchlint.version}: ${[torchlint.command, ...torchlint.args].join(" ")}`);
      this.client = new LanguageClient("torchlint", "torchlint", async () => start(torchlint, (text) => (said += text)), this.options());
      await this.client.start();
      this.status.running(torchlint);
    } catch (error) {
      this.client = undefined;
      await this.explain(error, said.trim());
    }
  }

  private async stopNow(): Promise<void> {
    const running = this.client;
    this.client = undefined;
    await running?.stop().catch((error) => this.log.warn(`the server did not stop as it should: ${error}`));
  }

  private options(): LanguageClientOptions {
    const settings = workspace.getConfiguration("torchlint");
    return {
      documentSelector: [{ language: "python" }],
      initializationOptions: settings,
      outputChannel: this.log,
      diagnosticPullOptions: { onChange: settings.get("run") !== "onSave", onSave: true, onTabs: true },
    };
  }

  /** Says why there is no server, and what can be done about it. */
  private async explain(error: unknown, said: string): Promise<void> {
    const why = said.split("\n").pop() || (error instanceof Error ? error.message : String(error));
    this.log.error(why);
    this.status.failed(why);
    const install = error instanceof NotInstalled && error.python ? [INSTALL] : [];
    // Whoever waits for the start must not wait for the answer.
    void window.showErrorMessage(`${why}${/pip install/.test(why) ? "" : ` (pip install "${PACKAGE}")`}`, ...install, LOG, SETTINGS).then((chosen) => {
      if (chosen === INSTALL && error instanceof NotInstalled) installFor(error.python!);
      if (chosen === LOG) this.log.show();
      if (chosen === SETTINGS) void commands.executeCommand("workbench.action.openSettings", "torchlint.path");
    });
  }
}

const PACKAGE = "torchlint[lsp]";
const INSTALL = "Install with pip";
const LOG = "Show the log";
const SETTINGS = "Settings";

/** Shows the installation as it goes; when it has ended, the server is started. */
function installFor(python: string): void {
  const terminal = window.createTerminal({ name: "pip install torchlint", shellPath: python, shellArgs: ["-m", "pip", "install", PACKAGE] });
  terminal.show();
  const ended = window.onDidCloseTerminal((closed) => {
    if (closed !== terminal) return;
    ended.dispose();
    void commands.executeCommand("torchlint.restart");
  });
}

function fixAll(): Thenable<unknown> {
  return commands.executeCommand("editor.action.codeAction", { kind: "source.fixAll.torchlint", apply: "first" });
}

let session: Session | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("torchlint", { log: true });
  const status = new Status();
  const own = (session = new Session(log, status));
  context.subscriptions.push(
    log,
    status,
    commands.registerCommand("torchlint.restart", () => own.restart()),
    commands.registerCommand("torchlint.showLog", () => log.show()),
    commands.registerCommand("torchlint.fixAll", fixAll),
    workspace.onDidChangeConfiguration((change) => {
      if (ANEW.some((name) => change.affectsConfiguration(name))) own.restartSoon();
    }),
  );
  await own.restart();
  context.subscriptions.push(await onInterpreterChanged(() => void own.restart()));
}

export function deactivate(): Promise<void> | undefined {
  return session?.stop();
}
