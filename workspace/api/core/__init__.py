"""What every endpoint of the management API stands on.

To add an endpoint:
1. Write an `Answer` (what it shows) and for changes an `Input` (what it takes) in `<app>/api/`, with an `example` each.
2. Write a class `Things(Endpoint)` with `noun = "things"` (of `workspace.scopes`). Its `get`, `post`, `patch` and
   `delete` are `@operation("Read a thing", gives=Thing)`: each calls one action with `by=call.by`, `now=call.now`.
3. For a path with an id, set `thing = Thing`, `key = "thing"` (the path's parameter) and `find`, which returns the
   tenant's rows: 404, lock, ETag and If-Match follow. The method gets the row after `call`, then what was sent.
4. Return a row for `gives=`, `page(rows, asked)` for `lists=`, None for 204. `Thing.shown(rows, call)` reads related
   data of all rows at once. `wrong("field", code, sentence)` refuses an id in the body that the token cannot see.
5. Add its path to `<app>/api/urls.py`. Schema, documentation and the tests of all operations include it then. A new
   kind of id in a path needs one line in `tests/matrix/world.py`.
"""
