import { Disposable, extensions, Uri } from "vscode";

/** What is used of the API of the extension ms-python.python. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath(listener: () => void): Disposable;
  };
}

async function api(): Promise<PythonApi | undefined> {
  return extensions.getExtension<PythonApi>("ms-python.python")?.activate();
}

/** The interpreter that the Python extension has selected for a folder, if that extension is installed. */
export async function interpreter(folder?: Uri): Promise<string | undefined> {
  const environments = (await api())?.environments;
  const found = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(folder));
  return found?.executable.uri?.fsPath;
}

/** Calls `changed` whenever another interpreter is selected. */
export async function onInterpreterChanged(changed: () => void): Promise<Disposable> {
  return (await api())?.environments.onDidChangeActiveEnvironmentPath(changed) ?? new Disposable(() => {});
}
