;;; check.el --- torchlint in Emacs with eglot, without a screen  -*- lexical-binding: t -*-

;; usage: emacs --batch -l check.el TORCHLINT FILE
;;
;; Opens a file that has one problem with a safe fix, prints what is shown of it, fixes it (in the buffer, not on the
;; disk), and fails where the problem, the hover, the shapes (eglot 1.10 on) or the fix are missing.

(package-initialize)
(require 'eglot)
(require 'flymake)

(defun check-until (what answer)
  "Wait until the function ANSWER gives a value; fail with WHAT if it does not."
  (let ((end (+ (float-time) 60)) value)
    (while (and (not (setq value (funcall answer))) (< (float-time) end))
      (accept-process-output nil 0.1))
    (or value (error "Not to be seen: %s" what))))

(defun check-problems ()
  "The problems that Flymake shows."
  (flymake-start)
  (flymake-diagnostics))

(let ((torchlint (pop command-line-args-left)) (file (pop command-line-args-left)))
  (add-to-list 'eglot-server-programs `((python-mode python-ts-mode) . (,(expand-file-name torchlint) "server")))
  (find-file file)
  (let ((eglot-sync-connect 60) (inhibit-message t))
    (apply #'eglot (eglot--guess-contact)))
  (message "Emacs %s with eglot" emacs-version)
  (let* ((problem (car (check-until "the problem" #'check-problems)))
         (start (flymake-diagnostic-beg problem))
         (server (eglot-current-server)))
    (message "%s:%d: %s" file (line-number-at-pos start) (flymake-diagnostic-text problem))
    (goto-char start)
    (let ((hover (jsonrpc-request server :textDocument/hover (eglot--TextDocumentPositionParams))))
      (message "hover: %s" (car (split-string (plist-get (plist-get hover :contents) :value) "\n"))))
    (when (fboundp 'eglot-inlay-hints-mode)
      (eglot-inlay-hints-mode 1)
      (let ((shown (lambda ()
                     (eglot--update-hints-1 (point-min) (point-max))
                     (seq-some (lambda (each) (overlay-get each 'eglot--inlay-hint)) (overlays-in (point-min) (point-max))))))
        (check-until "the shapes" shown)
        (message "shapes are shown")))
    (eglot-code-actions (point-min) (point-max) "source.fixAll.torchlint" t)
    (eglot--signal-textDocument/didChange)
    (check-until "the end of the problem" (lambda () (null (check-problems))))
    (goto-char start)
    (message "fixed: %s" (string-trim (buffer-substring (line-beginning-position) (line-end-position))))
    (set-buffer-modified-p nil)
    (eglot-shutdown server)))
