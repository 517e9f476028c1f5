#include "common/runtime/thread_pool.h"

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <utility>

namespace nacre {

struct ThreadPool::Impl {
  explicit Impl(size_t threads) : pool(threads) {}
  asio::thread_pool pool;
};

ThreadPool::ThreadPool(size_t threads) : impl_(std::make_unique<Impl>(threads)) {}

ThreadPool::~ThreadPool() {
  impl_->pool.stop();
  impl_->pool.join();
}

void ThreadPool::Post(Job job) { asio::post(impl_->pool, std::move(job)); }

void ThreadPool::PostAfter(Duration delay, Executor& where, Job job) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->pool, delay);
  timer->async_wait([timer, &where, job = std::move(job)](const asio::error_code& error) mutable {
    if (!error) where.Post(std::move(job));
  });
}

}  // namespace nacre
