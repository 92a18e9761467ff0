// Stands in for tfjs-node's header of the same name, whose include guard it takes (../bootstrap/addon.mjs).
//
// A tensor made from a JavaScript array shares the array's memory, and holds the array by a reference of
// N-API until TensorFlow frees the tensor. The package deletes that reference there and then, on whatever
// thread TensorFlow is: when a graph lets go of a fed value, on threads of its own, two at a time. N-API's
// references are a list without a lock, so that the process crashes, then or when it ends. Here a reference
// that is given up elsewhere waits for JavaScript's thread, which deletes it before it makes the next one.
#ifndef TF_NODEJS_NAPI_AUTO_REF_H_
#define TF_NODEJS_NAPI_AUTO_REF_H_

#include <node_api.h>

#include <iterator>
#include <list>
#include <mutex>
#include <thread>

namespace tfnodejs {

// A strong reference to a value of JavaScript. Made on the value's thread, given up on any.
class NapiAutoRef {
 public:
  napi_status Init(napi_env env, napi_value value) {
    DeleteWaiting();
    reference_ = {env, nullptr, std::this_thread::get_id()};
    return napi_create_reference(env, value, 1, &reference_.ref);
  }

  napi_status Cleanup() {
    if (reference_.owner == std::this_thread::get_id()) {
      return napi_delete_reference(reference_.env, reference_.ref);
    }
    std::lock_guard<std::mutex> lock(waiting().mutex);
    waiting().references.push_back(reference_);
    return napi_ok;
  }

 private:
  struct Reference {
    napi_env env;
    napi_ref ref;
    std::thread::id owner;
  };

  struct Waiting {
    std::mutex mutex;
    std::list<Reference> references;
  };

  // Never destroyed: TensorFlow's threads outlive what is static.
  static Waiting &waiting() {
    static Waiting *const waiting = new Waiting;
    return *waiting;
  }

  // Those of this thread.
  static void DeleteWaiting() {
    std::list<Reference> own;
    {
      std::lock_guard<std::mutex> lock(waiting().mutex);
      auto &all = waiting().references;
      for (auto at = all.begin(); at != all.end();) {
        const auto next = std::next(at);
        if (at->owner == std::this_thread::get_id()) own.splice(own.end(), all, at);
        at = next;
      }
    }
    for (const auto &reference : own) {
      napi_delete_reference(reference.env, reference.ref);
    }
  }

  Reference reference_ = {};
};

}  // namespace tfnodejs

#endif  // TF_NODEJS_NAPI_AUTO_REF_H_
