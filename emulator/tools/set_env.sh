# Makes CANN programs use the emulator that this file is installed with.
# Source it, from bash, zsh or a POSIX shell:  . set_env.sh

# The path of this file. A POSIX shell does not tell, but has the file open while it reads it.
if [ -n "${BASH_VERSION:-}" ]; then
  _ascend_file=${BASH_SOURCE:-}
elif [ -n "${ZSH_VERSION:-}" ]; then
  eval '_ascend_file=${(%):-%x}'
else
  _ascend_file=
  _ascend_shell=$(exec sh -c 'echo $PPID')
  for _ascend_fd in "/proc/$_ascend_shell/fd/"*; do
    _ascend_target=$(readlink "$_ascend_fd") || continue
    case $_ascend_target in */set_env.sh) _ascend_file=$_ascend_target ;; esac
  done
  unset _ascend_shell _ascend_fd _ascend_target
fi
_ascend_home=$(cd "$(dirname "$_ascend_file")" 2>/dev/null && pwd)

# _ascend_prepend VARIABLE FOLDER: once, however often this file is sourced.
_ascend_prepend() {
  eval "_ascend_value=\${$1:-}"
  case ":$_ascend_value:" in
    *":$2:"*) ;;
    *) eval "export $1=\"\$2\${_ascend_value:+:\$_ascend_value}\"" ;;
  esac
  unset _ascend_value
}

if [ -z "$_ascend_file" ] || [ ! -e "$_ascend_home/lib64/libascendcl.so" ]; then
  echo "set_env.sh: cannot tell where it is installed; source it by its full path from bash" >&2
  unset _ascend_file _ascend_home
  unset -f _ascend_prepend
  return 1
fi
export ASCEND_HOME_PATH="$_ascend_home"
export ASCEND_TOOLKIT_HOME="$_ascend_home"
export ASCEND_OPP_PATH="$_ascend_home/opp"
_ascend_prepend LD_LIBRARY_PATH "$_ascend_home/lib64"
_ascend_prepend PATH "$_ascend_home/bin"
unset _ascend_file _ascend_home
unset -f _ascend_prepend
