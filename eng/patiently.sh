# Shared by the scripts that fetch something: a registry may fail once, and continuous integration runs once.
# Runs a command up to five times, with pauses of 5, 10, 20 and 40 seconds; its words are what it failed with.
patiently() {
  local pause
  for pause in 5 10 20 40; do
    "$@" && return 0
    echo "'$*' failed; trying again in $pause seconds." >&2
    sleep "$pause"
  done
  "$@" && return 0
  echo "'$*' failed five times." >&2
  return 1
}
