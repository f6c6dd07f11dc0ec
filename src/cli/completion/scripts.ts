/** The scripts that shells load. They hold no list of commands: each Tab asks `nightshift complete`, so they never age. */

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# nightshift completion for bash: put this line into ~/.bashrc
#   eval "$(nightshift completion bash)"
_nightshift() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}") line
  COMPREPLY=()
  # bash splits words at = and :, and completes only what stands behind the last of them
  local joined=() word
  for word in "\${words[@]}"; do
    if [[ \${#joined[@]} -gt 0 && ( "$word" == "=" || "\${joined[-1]}" == *= ) ]]; then joined[-1]+="$word"; else joined+=("$word"); fi
  done
  while IFS= read -r line; do
    [[ -n "$line" ]] && COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(nightshift complete -- "\${joined[@]}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _nightshift nightshift`,

  zsh: `#compdef nightshift
# nightshift completion for zsh: put this line into ~/.zshrc, after compinit
#   eval "$(nightshift completion zsh)"
_nightshift() {
  local line text brief
  local -a plain open
  while IFS= read -r line; do
    text="\${line%%$'\\t'*}"; brief="\${line#*$'\\t'}"
    [[ -z "$text" ]] && continue
    if [[ "$text" == *= ]]; then open+=("\${text//:/\\\\:}:$brief"); else plain+=("\${text//:/\\\\:}:$brief"); fi
  done < <(nightshift complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#plain} )) && _describe nightshift plain
  (( \${#open} )) && _describe nightshift open -S ''
  (( \${#plain} + \${#open} )) || _files
}
if [[ "$funcstack[1]" == "_nightshift" ]]; then _nightshift "$@"; else compdef _nightshift nightshift; fi`,

  fish: `# nightshift completion for fish: save as ~/.config/fish/completions/nightshift.fish
function __nightshift_complete
    set -l words (commandline -opc) (commandline -ct)
    nightshift complete -- $words[2..-1] 2>/dev/null
end
complete -c nightshift -f -a '(__nightshift_complete)'
complete -c nightshift -n '__fish_seen_subcommand_from deploy manifest' -F`,
}
