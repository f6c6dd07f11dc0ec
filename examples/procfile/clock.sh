# A process that listens on nothing.
trap 'exit 0' TERM
while :; do
  echo "it is $(date -u +%H:%M:%S)"
  sleep 5 &
  wait $!
done
