import { ChildProcess, execFile, spawn } from "node:child_process";
import { homedir } from "node:os";
import { LogOutputChannel, Uri, workspace } from "vscode";

import { interpreter } from "./python";

/** How a torchlint is called, and which one it is. */
export interface Torchlint {
  command: string;
  args: string[];
  version: string;
}

/** No torchlint was found: where it was looked for, and the interpreter that it could be installed for. */
export class NotInstalled extends Error {
  constructor(
    readonly looked: string[],
    readonly python?: string,
  ) {
    super(`torchlint is not installed: it was looked for as ${looked.join(" and as ")}`);
  }
}

/** The first torchlint that answers: the setting's, the selected interpreter's, or the one on the PATH. */
export async function find(log: LogOutputChannel): Promise<Torchlint> {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const set = workspace.getConfiguration("torchlint", folder).get<string>("path", "").trim();
  const python = set ? undefined : await interpreter(folder);
  // -P: a module of the workspace must not stand in for one that torchlint imports.
  const interpreted = python ? [{ command: python, args: ["-P", "-m", "torchlint"] }] : [];
  const candidates = set ? [{ command: expanded(set, folder), args: [] }] : [...interpreted, { command: "torchlint", args: [] }];
  for (const each of candidates) {
    try {
      return { ...each, version: await version(each.command, each.args) };
    } catch (error) {
      log.info(`${[each.command, ...each.args].join(" ")}: ${error instanceof Error ? error.message.trim() : error}`);
    }
  }
  throw new NotInstalled(candidates.map((each) => `\`${[each.command, ...each.args].join(" ")}\``), python);
}

/** Starts the server; `said` is told what it writes to standard error. */
export function start(torchlint: Torchlint, said: (text: string) => void): ChildProcess {
  const child = spawn(torchlint.command, [...torchlint.args, "server"], { cwd: workspace.workspaceFolders?.[0]?.uri.fsPath });
  child.stderr.on("data", (data: Buffer) => said(data.toString()));
  return child;
}

function version(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args, "--version"], { timeout: 20_000 }, (error, output) => {
      const found = /\d+\.\d+\S*/.exec(output);
      if (error) reject(error);
      else if (found) resolve(found[0]);
      else reject(new Error(`no version in its answer: ${output}`));
    });
  });
}

function expanded(path: string, folder?: Uri): string {
  return path.replace(/^~(?=[/\\])/, homedir()).replaceAll("${workspaceFolder}", folder?.fsPath ?? "");
}
