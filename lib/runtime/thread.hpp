// Threads of the library: signals are the business of the program's own threads.
#pragma once

#include <pthread.h>
#include <csignal>
#include <thread>
#include <utility>

namespace pbft::runtime {

/// A thread in which every signal is blocked that can be: a program's handler does not run here, and a write
/// to a broken connection is an error code (SIGPIPE).
template <class Function>
std::thread start_thread(Function&& function) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&blocked, fault);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  std::thread thread(std::forward<Function>(function));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace pbft::runtime
