#pragma once

#include "libstos/causal/event_key.hpp"
#include "libstos/spacetime/trajectory.hpp"

#include <algorithm>
#include <cstdint>

namespace stos {

/// What has to be known of the source of a channel unless both ends rest and react at once.
struct Course {
  Course() = default;
  Course(const Course&) = delete;
  Course& operator=(const Course&) = delete;
  virtual ~Course() = default;

  /// Whatever an event of the source emits, it emits at least so much later. A turn that the source
  /// has decided upon already may happen before that, so this is no place on its worldline.
  double reaction_time = 0;

  /// From now on nothing is emitted on the channel before this laboratory time: that of its
  /// opening, or of the latest lambda that has arrived. The same holds for channels that are opened
  /// later by means of references that the source takes from this one; so that lambda itself cannot
  /// be sure yet to come before them.
  double silent_until = Instant::beginning().absorption;

  double distance = -1; ///< see IncomingChannel::distance

  void heard_at(double emission) { silent_until = std::max(silent_until, emission); }
};

/// The receiving end of one open channel: what its owner knows of the agent at the other end.
///
/// There are many, most of them between agents who rest: those hold a distance, and all that is
/// rarely needed stands in a Course.
/// Owns: its Course.
class IncomingChannel {
public:
  IncomingChannel() = default;
  ~IncomingChannel() {
    if (has_course_)
      delete course_;
  }
  IncomingChannel(const IncomingChannel&) = delete;
  IncomingChannel& operator=(const IncomingChannel&) = delete;

  /// The source's current worldline, or null if it is not known here: then nothing is assumed of
  /// its distance. Borrowed; the caller of `source_turned` must keep it up to date.
  const Trajectory* source_path = nullptr;

  /// Lambdas on one channel are absorbed in the order of their emission, whatever the rounding:
  /// none before the one ahead of it. At first the time of the opening; once attached, at least
  /// that of the reader's anchor.
  double last_absorption = Instant::beginning().absorption;

  [[nodiscard]] bool has_course() const { return has_course_; }
  [[nodiscard]] const Course& course() const { return *course_; }
  [[nodiscard]] Course& course() { return *course_; }

  /// Takes `course`, created by new.
  void set_course(Course* course) {
    if (has_course_)
      delete course_;
    course_ = course;
    has_course_ = true;
  }
  Course& require_course() {
    if (!has_course_)
      set_course(new Course);
    return *course_;
  }

  /// Between two who rest and react at once there need not be one.
  void drop_course() {
    if (!has_course_)
      return;
    delete course_;
    has_course_ = false;
    distance_ = 0;
  }

  [[nodiscard]] double reaction_time() const { return has_course_ ? course_->reaction_time : 0; }
  [[nodiscard]] double silent_until() const {
    return has_course_ ? course_->silent_until : Instant::beginning().absorption;
  }

  /// How far from the reader its lambdas are emitted; negative while that is not one number.
  [[nodiscard]] double distance() const { return has_course_ ? course_->distance : distance_; }
  void set_distance(double distance) { (has_course_ ? course_->distance : distance_) = distance; }

  IncomingChannel* next_incoming = nullptr; ///< the list of its mailbox

private:
  union {
    double distance_ = 0;
    Course* course_;
  };

public:
  Group group; ///< whose horizon bounds the source: see Horizons

  // For the owner of the receiving end.
  bool detached : 1 = false; ///< nothing more comes on it
  bool carried : 1 = false;  ///< a lambda of it is queued; for the code that looks for that

private:
  bool has_course_ : 1 = false;
};

} // namespace stos
