import { Disposable, languages, LanguageStatusSeverity } from "vscode";

import { Torchlint } from "./server";

/** The entry among the language's states, at the right end of the status bar. */
export class Status implements Disposable {
  private readonly item = languages.createLanguageStatusItem("torchlint", { language: "python" });

  constructor() {
    this.item.name = "torchlint";
  }

  starting(): void {
    this.show("torchlint", "starting", LanguageStatusSeverity.Information);
    this.item.busy = true;
  }

  running(torchlint: Torchlint): void {
    this.show(`torchlint ${torchlint.version}`, torchlint.command, LanguageStatusSeverity.Information);
  }

  off(): void {
    this.show("torchlint", "switched off by torchlint.enable", LanguageStatusSeverity.Information);
  }

  failed(why: string): void {
    this.show("torchlint", why, LanguageStatusSeverity.Error);
    this.item.command = { title: "Try again", command: "torchlint.restart" };
  }

  dispose(): void {
    this.item.dispose();
  }

  private show(text: string, detail: string, severity: LanguageStatusSeverity): void {
    this.item.text = text;
    this.item.detail = detail;
    this.item.severity = severity;
    this.item.busy = false;
    this.item.command = { title: "Show the log", command: "torchlint.showLog" };
  }
}
