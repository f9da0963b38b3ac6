# Shared by the scripts of eng/: finds the repository and the .NET SDK, or says exactly what is missing.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

if ! command -v dotnet >/dev/null; then
  echo "The .NET SDK 10 is missing. Install it from https://dotnet.microsoft.com/download/dotnet/10.0 and run this again." >&2
  exit 69
fi
case "$(dotnet --version)" in
  10.* | 1[1-9].*) ;;
  *) echo "The .NET SDK 10 or newer is needed; 'dotnet --version' says $(dotnet --version)." >&2; exit 69 ;;
esac

# Builds quietly: nothing on success, the compiler's own words on failure. Two builds of one checkout wait for each other.
# A package registry may fail once, and then the build is tried again; the compiler never does.
build() {
  local log pause; log="$(mktemp)"
  mkdir -p "$root/.cache"
  for pause in 5 10 20 40 never; do
    if flock_or_run dotnet build "$@" -c Release -v quiet -nologo >"$log" 2>&1; then
      rm -f "$log"
      return
    fi
    if [ "$pause" = never ] || ! grep -qE 'error NU|NuGet\.targets' "$log"; then break; fi
    echo "Packages could not be fetched; trying again in $pause seconds:" >&2
    grep -E 'error NU|NuGet\.targets' "$log" | head -3 >&2
    sleep "$pause"
  done
  cat "$log" >&2
  rm -f "$log"
  exit 70
}

# The lock is not handed down: a compiler server that outlives the build would keep it.
# macOS has no flock; there two builds at once are the user's own care.
flock_or_run() {
  if command -v flock >/dev/null; then flock --close "$root/.cache/build.lock" "$@"; else "$@"; fi
}
