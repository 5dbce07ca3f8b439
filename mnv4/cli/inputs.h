#pragma once
/// From what people type to the list of picture files: files, folders, globs, lists.

#include <string>
#include <vector>

namespace mnv4::cli {

/// In order of the operands. A file stands for itself, whatever it is called; a folder for the
/// pictures in it and below it (by the usual endings; symbolic links to folders are not followed),
/// sorted; a pattern (* ? []) for what it matches, sorted; "-" for the list on stdin. A name that
/// is none of these is kept, to be reported when it is opened. Throws Error(kInvalidArgument) for a
/// folder without pictures and a pattern that matches nothing.
std::vector<std::string> ExpandInputs(const std::vector<std::string>& operands);

/// The same for the paths a file holds, a line each, or each ended by a NUL if there is one. They
/// are no patterns; empty lines are passed over. Throws Error(kInvalidFile) for what is no text.
std::vector<std::string> ExpandList(const std::string& file);

}  // namespace mnv4::cli
