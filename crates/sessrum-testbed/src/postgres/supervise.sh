# Runs the command given after the directory until nobody has used it for five seconds, then removes
# the directory. Who uses it has a shared lock on the file that is standard input. Standard output is
# the file whose lock says that this runs.
directory=$1
shift
setpriv --pdeathsig INT -- "$@" </dev/null >&2 &
server=$!
free=0
while kill -0 "$server" 2>/dev/null && [ "$free" -lt 5 ]; do
    sleep 1 >&2
    if flock --nonblock 0; then
        free=$((free + 1))
        [ "$free" -ge 5 ] || flock --unlock 0
    else
        free=0
    fi
done
kill -s INT "$server" 2>/dev/null
wait "$server"
rm -rf "$directory"
# This first: who waits for the other finds that nothing runs.
exec >&-
