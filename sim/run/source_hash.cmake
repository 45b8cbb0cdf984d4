# Writes a C++ file that holds a hash of the program's sources: of their paths and contents, nothing else, so that it is
# the same in any directory, on any machine, with any compiler.
#
#   cmake -D ROOT=DIRECTORY -D LIST=FILE -D OUT=FILE.cpp -P source_hash.cmake
#
# LIST names the sources, relative to ROOT, one a line.
file(STRINGS ${LIST} sources ENCODING UTF-8)
list(SORT sources COMPARE STRING)
set(text "")
foreach(source IN LISTS sources)
  file(SHA256 ${ROOT}/${source} hash)
  string(APPEND text "${hash}  ${source}\n")
endforeach()
string(SHA256 hash "${text}")
file(WRITE ${OUT} "#include \"sim/run/version.h\"\n\nnamespace cyclescope::run {\n
const char* source_hash() { return \"${hash}\"; }\n\n}  // namespace cyclescope::run\n")
