import { commands, ExtensionContext, extensions, window, workspace } from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

interface PythonExtension {
  environments: { getActiveEnvironmentPath(): { path: string }; resolveEnvironment(path: { path: string }): Promise<Environment | undefined> };
}

interface Environment {
  executable: { uri?: { fsPath: string } };
}

/** The interpreter that the Python extension has selected, if it is installed. */
async function interpreter(): Promise<string | undefined> {
  const python = extensions.getExtension<PythonExtension>("ms-python.python");
  if (!python) return undefined;
  const api = await python.activate();
  const found = await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath());
  return found?.executable.uri?.fsPath;
}

async function server(): Promise<ServerOptions> {
  const [command, ...args] = workspace.getConfiguration("torchlint").get<string[]>("command", []);
  if (command) return { command, args };
  const python = await interpreter();
  return python ? { command: python, args: ["-m", "torchlint", "server"] } : { command: "torchlint", args: ["server"] };
}

async function start(): Promise<void> {
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "python" }],
    initializationOptions: workspace.getConfiguration("torchlint"),
    diagnosticPullOptions: { onChange: true, onTabs: true },
  };
  client = new LanguageClient("torchlint", "torchlint", await server(), options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(`torchlint did not start (${error}). Install it with: pip install 'torchlint[lsp]'`);
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart(): Promise<void> {
  await stop();
  await start();
}

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("torchlint.restart", restart),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("torchlint.command")) void restart();
    }),
  );
  await start();
}

export const deactivate = stop;
