-- Neovim's own client does what a person would do; what it shows is written as JSON to the file named by $ANSWERS.
local answers = {}
local function wait(what, condition)
  if not vim.wait(30000, condition, 20) then
    answers.timeout = what
    vim.fn.writefile({ vim.json.encode(answers) }, vim.env.ANSWERS)
    vim.cmd("cquit 1")
  end
end

vim.cmd.edit("net.py")
local buffer = vim.api.nvim_get_current_buf()
local id = vim.lsp.start({
  name = "torchlint",
  cmd = { vim.env.PYTHON, "-m", "torchlint", "server" },
  root_dir = vim.uv.cwd(),
})
wait("attach", function() return vim.lsp.get_client_by_id(id).initialized end)

wait("diagnostics", function() return #vim.diagnostic.get(buffer) > 0 end)
local found = vim.diagnostic.get(buffer)[1]
answers.code, answers.row, answers.column = found.code, found.lnum, found.col

vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
wait("hints", function() return #vim.lsp.inlay_hint.get({ bufnr = buffer }) >= 3 end)
answers.hints = vim.tbl_map(function(each) return each.inlay_hint.label end, vim.lsp.inlay_hint.get({ bufnr = buffer }))

vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col + 2 })
local params = vim.lsp.util.make_position_params(0, vim.lsp.get_client_by_id(id).offset_encoding)
local hover = vim.lsp.buf_request_sync(buffer, "textDocument/hover", params, 30000)
answers.hover = hover[id].result.contents.value

vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.isPreferred end })
wait("fix", function() return vim.bo[buffer].modified end)
wait("no diagnostics", function() return #vim.diagnostic.get(buffer) == 0 end)
answers.fixed = vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, false)[1]

vim.cmd("undo")
wait("diagnostics after undo", function() return #vim.diagnostic.get(buffer) == 1 end)
vim.lsp.buf.code_action({ apply = true, context = { only = { "source.fixAll.torchlint" }, diagnostics = {} } })
wait("fix all", function() return #vim.diagnostic.get(buffer) == 0 end)
answers.all = vim.api.nvim_buf_get_lines(buffer, found.lnum, found.lnum + 1, false)[1]

local client = vim.lsp.get_client_by_id(id)
client:stop()
wait("stop", function() return client:is_stopped() end)
vim.fn.writefile({ vim.json.encode(answers) }, vim.env.ANSWERS)
vim.cmd("qall!")
