# A static page by python's own file server, to show that a Procfile needs no language of its own.
mkdir -p public
echo "hello from ${NIGHTSHIFT_INSTANCE:-procfile}" > public/index.html
exec python3 -m http.server --directory public "${PORT:-3000}"
