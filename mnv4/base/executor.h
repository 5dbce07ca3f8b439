#pragma once
/// How a program lends its own threads to sessions.

#include <functional>

namespace mnv4 {

/// Calls task(0) .. task(count - 1) and returns when all are done: at once or one after another, in
/// any order, on any threads. Tasks never wait for each other and never throw.
using Executor = std::function<void(int count, const std::function<void(int)>& task)>;

}  // namespace mnv4
